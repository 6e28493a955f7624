using System.Runtime.Versioning;

namespace Neuralink.Storage.Devices;

/// <summary>Opens a file as the device that reads it in a given way.</summary>
public static class FlashFile
{
    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">How to read it, if that is possible.</param>
    /// <param name="strideBytes">The stride of the frames that reads will fill: direct access is possible if the
    /// medium's blocks divide it.</param>
    /// <param name="queueDepth">Reads that may be in flight, from 1 to <see cref="ThreadedFlashDevice.QueueDepthMax"/>.</param>
    /// <param name="time">The clock for the reads' timestamps.</param>
    /// <exception cref="NeuralinkException">The file cannot be opened.</exception>
    public static IFlashFile Open(string path, FlashAccess access, int strideBytes, int queueDepth, TimeProvider time)
    {
        if (access != FlashAccess.Uring)
            return FileFlashDevice.Open(path, access, strideBytes, queueDepth, time);
        if (OperatingSystem.IsLinux())
            return OpenUring(path, FlashAccess.Direct, strideBytes, queueDepth, time, UringCalls.Setup);
        OpenedFile file = OpenedFile.Open(path, FlashAccess.Direct, strideBytes);
        return new FileFlashDevice(file.Without("reading by threads: io_uring is a part of Linux"), queueDepth, time);
    }

    /// <summary>Opens a file for io_uring, or for threads where the system has none for us.</summary>
    [SupportedOSPlatform("linux")]
    internal static IFlashFile OpenUring(
        string path, FlashAccess access, int strideBytes, int queueDepth, TimeProvider time, UringSetup setup)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(queueDepth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(queueDepth, ThreadedFlashDevice.QueueDepthMax);
        OpenedFile file = OpenedFile.Open(path, access, strideBytes);
        if (UringFlashDevice.TryOpen(file, queueDepth, time, setup, out string? refusal) is { } device)
            return device;
        return new FileFlashDevice(file.Without($"reading by threads: {refusal}"), queueDepth, time);
    }
}
