using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Traces;

/// <summary>
/// An unfinished trace on the disk: [header as in the finished file][data][<see cref="FiringTraceProgress"/>]. The trailer makes it no safetensors
/// file, so nobody takes it for a whole trace. Without the trailer it is whole, and only its renaming was prevented.
/// </summary>
internal sealed record FiringTracePartial(string Path, SafeFileHandle File, long DataOffset, int TokensDone, int NextTurn)
{
    private const int PrefixBytes = sizeof(long);

    private const string Advice = "give the same model, texts and options to go on with it, or start over with --force";

    /// <summary>Creates the file, or opens what there is of it.</summary>
    /// <param name="path">The unfinished file.</param>
    /// <param name="info">What it is to hold.</param>
    /// <param name="replace">Discard what there is of anything else; the same trace is gone on with even so.</param>
    /// <exception cref="NeuralinkException">It holds something else, is in use, or the disk refuses.</exception>
    public static FiringTracePartial Open(string path, FiringTraceInfo info, bool replace)
    {
        byte[] header = SafetensorsHeaderWriter.Write(FiringTraceFormat.Tensors(info), FiringTraceFormat.Metadata(info), FiringTraceFormat.DataAlignmentBytes);
        long dataEnd = header.Length + info.DataBytes;
        SafeFileHandle? file = null;
        try
        {
            if (System.IO.File.Exists(path))
            {
                file = System.IO.File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                if (HasBegun(file))
                {
                    NeuralinkException? difference = FindDifference(path, file, header, info);
                    if (difference is null)
                        return GoOn(path, file, header.Length, info);
                    if (!replace)
                        throw difference;
                }
                file.Dispose();
            }
            System.IO.File.Delete(path);
            file = Create(path, header, dataEnd + FiringTraceProgress.TrailerBytes);
            return new FiringTracePartial(path, file, header.Length, TokensDone: 0, NextTurn: 0);
        }
        catch (Exception error)
        {
            file?.Dispose();
            if (error is IOException or UnauthorizedAccessException)
                throw WriteFailure.DescribeCreation(path, dataEnd + FiringTraceProgress.TrailerBytes, error);
            throw;
        }
    }

    private static FiringTracePartial GoOn(string path, SafeFileHandle file, long dataOffset, FiringTraceInfo info)
    {
        long dataEnd = dataOffset + info.DataBytes;
        (int done, int turn) = RandomAccess.GetLength(file) == dataEnd ? (info.TokenCount, 0) : FiringTraceProgress.Read(file, dataEnd, info.TokenCount);
        return new FiringTracePartial(path, file, dataOffset, done, turn);
    }

    private static SafeFileHandle Create(string path, byte[] header, long lengthBytes)
    {
        SafeFileHandle file = System.IO.File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, preallocationSize: lengthBytes);
        try
        {
            RandomAccess.SetLength(file, lengthBytes);
            RandomAccess.Write(file, header, fileOffset: 0);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether the header was written, which comes before all else; without it nothing is lost by starting over.</summary>
    private static bool HasBegun(SafeFileHandle file)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        return RandomAccess.Read(file, prefix, 0) == PrefixBytes && BinaryPrimitives.ReadInt64LittleEndian(prefix) != 0;
    }

    private static NeuralinkException? FindDifference(string path, SafeFileHandle file, byte[] expected, FiringTraceInfo info)
    {
        byte[] found = new byte[expected.Length];
        if (ReadUpTo(file, found) == found.Length && found.AsSpan().SequenceEqual(expected))
        {
            long length = RandomAccess.GetLength(file), dataEnd = expected.Length + info.DataBytes, whole = dataEnd + FiringTraceProgress.TrailerBytes;
            return length == dataEnd || length == whole
                ? null
                : new NeuralinkException($"go on with {path}", $"{whole} bytes", $"{length}", "the file is damaged; start over with --force");
        }
        FiringTraceInfo? other = TryReadInfo(path, file);
        (string wanted, string there) = other is null ? ("an unfinished trace", "something else")
            : other.ModelDigest != info.ModelDigest ? ($"a trace of {info.ModelName} ({info.ModelDigest})", $"one of {other.ModelName} ({other.ModelDigest})")
            : other.TokenCount != info.TokenCount ? ($"a trace of {info.TokenCount} tokens", $"one of {other.TokenCount}")
            : other.TextsDigest != info.TextsDigest ? ($"a trace of {info.Texts}", $"one of other text, or in other windows ({other.Texts})")
            : other.InputSize != info.InputSize ? (Inputs(info), Inputs(other))
            : ($"{info}", $"{other}");
        return new NeuralinkException($"go on with {path}", wanted, there, Advice);

        static string Inputs(FiringTraceInfo info) => info.InputSize is { } size ? $"a trace with layer inputs of {size} values" : "a trace without layer inputs";
    }

    /// <summary>What the header says, or null where it is none of a trace.</summary>
    private static FiringTraceInfo? TryReadInfo(string path, SafeFileHandle file)
    {
        try
        {
            byte[] prefix = new byte[PrefixBytes];
            _ = ReadUpTo(file, prefix);
            long length = RandomAccess.GetLength(file), headerBytes = BinaryPrimitives.ReadInt64LittleEndian(prefix);
            if (headerBytes < 0 || headerBytes > Math.Min(length - PrefixBytes, SafetensorsHeader.LengthBytesMax))
                return null;
            byte[] header = new byte[PrefixBytes + headerBytes];
            _ = ReadUpTo(file, header);
            long dataBytes = length - header.Length - FiringTraceProgress.TrailerBytes;
            return FiringTraceFormat.Parse($"open {path}", SafetensorsHeader.Parse(header.AsSpan(PrefixBytes), header.Length, dataBytes).Metadata);
        }
        catch (Exception error) when (error is InvalidSafetensorsException or NeuralinkException)
        {
            return null;
        }
    }

    private static int ReadUpTo(SafeFileHandle file, byte[] destination)
    {
        int done = 0;
        for (int count = -1; count != 0 && done < destination.Length; done += count)
            count = RandomAccess.Read(file, destination.AsSpan(done), done);
        return done;
    }
}
