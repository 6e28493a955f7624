using Microsoft.Win32.SafeHandles;

namespace Neuralink.Storage.Devices;

/// <summary>The operating system's page cache, for measurements that begin without it.</summary>
public static class PageCache
{
    /// <summary>
    /// Has the system forget what it holds of a file. Anybody may ask for that on Linux; pages that a process has mapped stay.
    /// </summary>
    /// <param name="path">The file; one that is not there is in no cache.</param>
    /// <returns>Whether the system took the request; elsewhere there is no such call.</returns>
    public static bool TryDrop(string path)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(path))
            return false;
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            return LibC.AdviseNotCached(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
