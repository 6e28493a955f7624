using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Neuralink.Storage.Devices;

namespace Neuralink.Storage.Profiles;

/// <summary>How files at a place can be read, found by trying.</summary>
/// <param name="DirectRefusal">Why they are not read past the page cache, or null where they are.</param>
/// <param name="AlignmentBytes">What offsets and lengths of direct reads must be multiples of; zero where there are none.</param>
/// <param name="UringRefusal">Why they are not read through io_uring, or null where they are.</param>
public sealed record ReadAbilities(string? DirectRefusal, int AlignmentBytes, string? UringRefusal)
{
    private const int FileBytes = 2 * FrameBytes, FrameBytes = 4096, QueueDepth = 4;

    /// <summary>Tries a file, or a small temporary one in a folder.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <param name="time">The clock for the reads' timestamps.</param>
    /// <exception cref="NeuralinkException">There is no such file, it may not be read, or the folder takes no file.</exception>
    public static ReadAbilities Try(string path, TimeProvider time) =>
        Try(path, time, OperatingSystem.IsLinux() ? UringCalls.Setup : null);

    /// <summary>The same with another way to make rings; null if the system has none.</summary>
    internal static ReadAbilities Try(string path, TimeProvider time, UringSetup? setup)
    {
        if (!Directory.Exists(path))
            return TryFile(path, time, setup);
        ScratchFolder? scratch = null;
        try
        {
            scratch = ScratchFolder.Create(Path.Combine(Path.GetFullPath(path), "neuralink-probe"));
            string file = Path.Combine(scratch.Path, "read.bin");
            File.WriteAllBytes(file, RandomNumberGenerator.GetBytes(FileBytes));
            return TryFile(file, time, setup);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(Path.Combine(path, "a temporary file"), error);
        }
        finally
        {
            scratch?.Dispose();
        }
    }

    private static ReadAbilities TryFile(string path, TimeProvider time, UringSetup? setup)
    {
        try
        {
            using SafeFileHandle? direct = DirectFile.TryOpen(path, FrameBytes, out int alignmentBytes, out string? refusal);
            return new ReadAbilities(refusal, direct is null ? 0 : alignmentBytes, UringRefusalOf(path, time, setup));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"open {path}", expected: null, error.Message, inner: error);
        }
    }

    private static string? UringRefusalOf(string path, TimeProvider time, UringSetup? setup)
    {
        if (!OperatingSystem.IsLinux() || setup is null)
            return "it is a part of Linux";
        OpenedFile file = OpenedFile.Open(path, FlashAccess.Direct, FrameBytes);
        if (UringFlashDevice.TryOpen(file, QueueDepth, time, setup, out string? refusal) is { } device)
            device.Dispose();
        else
            file.Handle.Dispose();
        return refusal;
    }
}
