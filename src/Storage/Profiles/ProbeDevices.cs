using System.Runtime.Versioning;
using Neuralink.Storage.Devices;

namespace Neuralink.Storage.Profiles;

/// <summary>
/// A file that is opened with each available I/O method, and again for each queue depth, because the idle threads or slots of a deeper
/// queue would cost time of their own.
/// </summary>
internal sealed class ProbeDevices : IDisposable
{
    /// <summary>The method that exists on every system. Others are compared with it.</summary>
    public const string Threads = "threads";

    private const string Uring = "io_uring";

    private readonly Dictionary<(string IoMethod, int QueueDepth), IFlashDevice> _devices = [];

    private ProbeDevices()
    {
    }

    /// <summary>The available methods.</summary>
    public IReadOnlyList<string> Methods => [.. _devices.Keys.Select(k => k.IoMethod).Distinct(StringComparer.Ordinal)];

    /// <summary>Why io_uring is not among them, or null.</summary>
    public string? UringRefusal { get; private set; }

    public IFlashDevice this[ProbeCell cell] => _devices[(cell.IoMethod, cell.QueueDepth)];

    /// <summary>Opens <paramref name="path"/> for direct reads.</summary>
    /// <param name="path">The file.</param>
    /// <param name="named">What the user named, for errors.</param>
    /// <param name="depths">The numbers of reads in flight.</param>
    /// <param name="time">The clock.</param>
    /// <param name="setup">Creates rings. Null if the system has none.</param>
    /// <exception cref="NeuralinkException">The file cannot be opened, or not for direct reads.</exception>
    public static ProbeDevices Open(string path, string named, IReadOnlyList<int> depths, TimeProvider time, UringSetup? setup)
    {
        ProbeDevices devices = new();
        try
        {
            foreach (int depth in depths)
                devices._devices.Add((Threads, depth), OpenThreads(path, named, depth, time));
            if (OperatingSystem.IsLinux() && setup is not null)
                devices.AddUring(path, depths, time, setup);
            else
                devices.UringRefusal = "it is a part of Linux";
            return devices;
        }
        catch
        {
            devices.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (IFlashDevice device in _devices.Values)
            device.Dispose();
    }

    private static FileFlashDevice OpenThreads(string path, string named, int queueDepth, TimeProvider time)
    {
        FileFlashDevice device = FileFlashDevice.Open(path, FlashAccess.Direct, ProbeLoop.FrameBytes, queueDepth, time);
        if (device.FallbackReason is not { } reason)
            return device;
        device.Dispose();
        throw DeviceProbe.NoDevice(named, reason);
    }

    [SupportedOSPlatform("linux")]
    private void AddUring(string path, IReadOnlyList<int> depths, TimeProvider time, UringSetup setup)
    {
        foreach (int depth in depths)
        {
            OpenedFile file = OpenedFile.Open(path, FlashAccess.Direct, ProbeLoop.FrameBytes);
            if (UringFlashDevice.TryOpen(file, depth, time, setup, out string? refusal) is { } device)
            {
                _devices.Add((Uring, depth), device);
                continue;
            }

            // Results for some depths would look like results for all of them. So io_uring is measured at all depths or at none.
            file.Handle.Dispose();
            UringRefusal = refusal;
            foreach (int opened in depths)
            {
                if (_devices.Remove((Uring, opened), out IFlashDevice? half))
                    half.Dispose();
            }

            return;
        }
    }
}
