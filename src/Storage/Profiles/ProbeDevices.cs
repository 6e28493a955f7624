using System.Runtime.Versioning;
using Neuralink.Storage.Devices;

namespace Neuralink.Storage.Profiles;

/// <summary>
/// A file, open by each I/O method that is to be had, and for each queue depth apart: idle threads or slots of a deeper queue would cost their own.
/// </summary>
internal sealed class ProbeDevices : IDisposable
{
    /// <summary>The method that is there on every system, and that others are compared with.</summary>
    public const string Threads = "threads";

    private const string Uring = "io_uring";

    private readonly Dictionary<(string IoMethod, int QueueDepth), IFlashDevice> _devices = [];

    private ProbeDevices()
    {
    }

    /// <summary>The methods that are to be had.</summary>
    public IReadOnlyList<string> Methods => [.. _devices.Keys.Select(k => k.IoMethod).Distinct(StringComparer.Ordinal)];

    /// <summary>Why io_uring is not among them, or null.</summary>
    public string? UringRefusal { get; private set; }

    public IFlashDevice this[ProbeCell cell] => _devices[(cell.IoMethod, cell.QueueDepth)];

    /// <summary>Opens <paramref name="path"/> for direct reads.</summary>
    /// <param name="path">The file.</param>
    /// <param name="named">What the user named, for errors.</param>
    /// <param name="depths">Reads in flight.</param>
    /// <param name="time">The clock.</param>
    /// <param name="setup">Creates rings; null where the system has none.</param>
    /// <exception cref="NeuralinkException">It cannot be opened, or not for direct reads.</exception>
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

            // All depths or none: some of them would look like all of them.
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
