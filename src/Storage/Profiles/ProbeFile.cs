using System.Runtime.InteropServices;
using Neuralink.Placement.Synthetic;

namespace Neuralink.Storage.Profiles;

/// <summary>
/// The temporary file that a probe reads. It has random bytes, which no file system compresses or shares. <see cref="Dispose"/> removes it.
/// If a probe was killed, the next one in that folder removes its file.
/// </summary>
internal sealed class ProbeFile : IDisposable
{
    /// <summary>The shortest file. This much is written even if it takes longer than allowed.</summary>
    public const long LengthBytesMin = 8 << 20;

    // Long enough for the disk's full speed, and short enough to notice soon that the disk is slow.
    private const int BlockBytes = 4 << 20;

    private readonly ScratchFolder _scratch;

    private ProbeFile(ScratchFolder scratch)
    {
        _scratch = scratch;
        FilePath = Path.Combine(scratch.Path, "probe.bin");
    }

    public string FilePath { get; }

    public long LengthBytes { get; private set; }

    /// <summary>Writes the file until it is long enough or the time is over.</summary>
    /// <param name="folder">The folder for the file.</param>
    /// <param name="lengthBytes">The wanted length, at least <see cref="LengthBytesMin"/>.</param>
    /// <param name="seed">The seed of its bytes.</param>
    /// <param name="isTimeOver">Whether to stop. It is called after every block that has reached the disk.</param>
    /// <param name="cancellation">Ends the writing. Nothing is left behind.</param>
    /// <exception cref="NeuralinkException">The disk is full or refuses.</exception>
    public static ProbeFile Write(string folder, long lengthBytes, ulong seed, Func<bool> isTimeOver, CancellationToken cancellation)
    {
        if (DiskSpace.FreeBytes(Path.Combine(folder, "probe")) is { } free && free < lengthBytes)
        {
            throw new NeuralinkException(
                $"measure {folder}",
                $"{lengthBytes} bytes free on its disk",
                $"{free}",
                "free some space on it or measure with a smaller --size");
        }
        ScratchFolder? scratch = null;
        try
        {
            scratch = ScratchFolder.Create(Path.Combine(folder, "neuralink-probe"));
            ProbeFile file = new(scratch);
            file.Fill(lengthBytes, new SplitMix64(seed), isTimeOver, cancellation);
            return file;
        }
        catch (Exception error)
        {
            scratch?.Dispose();
            if (error is IOException or UnauthorizedAccessException)
                throw WriteFailure.Describe(Path.Combine(folder, "a temporary file"), error);
            throw;
        }
    }

    public void Dispose() => _scratch.Dispose();

    private void Fill(long lengthBytes, SplitMix64 random, Func<bool> isTimeOver, CancellationToken cancellation)
    {
        byte[] block = new byte[BlockBytes];
        using FileStream stream = new(FilePath, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        while (LengthBytes < lengthBytes && (LengthBytes < LengthBytesMin || !isTimeOver()))
        {
            cancellation.ThrowIfCancellationRequested();
            Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(block.AsSpan());
            for (int i = 0; i < words.Length; i++)
                words[i] = random.Next();
            int count = (int)Math.Min(block.Length, lengthBytes - LengthBytes);
            stream.Write(block, 0, count);
            stream.Flush(flushToDisk: true);
            LengthBytes += count;
        }
    }
}
