using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Traces;

/// <summary>
/// An unfinished trace on the disk: [header as in the finished file][data][<see cref="ActivationTraceProgress"/>]. With the trailer it is
/// not a safetensors file, so that nothing takes it for a whole trace. Without the trailer it is whole, and only the renaming failed.
/// </summary>
internal sealed record ActivationTracePartial(string Path, SafeFileHandle File, long DataOffset, int TokensDone, int NextTurn)
{
    private const int PrefixBytes = sizeof(long);

    private const string Advice = "give the same model, texts and options to go on with it, or start over with --force";

    /// <summary>Creates the file, or opens an unfinished one of the same trace.</summary>
    /// <param name="path">The unfinished file.</param>
    /// <param name="info">The trace that it will hold.</param>
    /// <param name="replace">Whether an unfinished file of something else is discarded. The same trace is continued in any case.</param>
    /// <exception cref="NeuralinkException">The file holds something else, is in use, or the disk refuses.</exception>
    public static ActivationTracePartial Open(string path, ActivationTraceInfo info, bool replace)
    {
        byte[] header = SafetensorsHeaderWriter.Write(
            ActivationTraceFormat.Tensors(info), ActivationTraceFormat.Metadata(info), ActivationTraceFormat.DataAlignmentBytes);
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
            file = Create(path, header, dataEnd + ActivationTraceProgress.TrailerBytes);
            return new ActivationTracePartial(path, file, header.Length, TokensDone: 0, NextTurn: 0);
        }
        catch (Exception error)
        {
            file?.Dispose();
            if (error is IOException or UnauthorizedAccessException)
                throw WriteFailure.DescribeCreation(path, dataEnd + ActivationTraceProgress.TrailerBytes, error);
            throw;
        }
    }

    private static ActivationTracePartial GoOn(string path, SafeFileHandle file, long dataOffset, ActivationTraceInfo info)
    {
        long dataEnd = dataOffset + info.DataBytes;
        bool isWhole = RandomAccess.GetLength(file) == dataEnd;
        (int done, int turn) = isWhole ? (info.TokenCount, 0) : ActivationTraceProgress.Read(file, dataEnd, info.TokenCount);
        return new ActivationTracePartial(path, file, dataOffset, done, turn);
    }

    private static SafeFileHandle Create(string path, byte[] header, long lengthBytes)
    {
        SafeFileHandle file = System.IO.File.OpenHandle(
            path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, preallocationSize: lengthBytes);
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

    /// <summary>Whether the header was written. It is written first, so that without it nothing is lost by starting over.</summary>
    private static bool HasBegun(SafeFileHandle file)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        return RandomAccess.Read(file, prefix, 0) == PrefixBytes && BinaryPrimitives.ReadInt64LittleEndian(prefix) != 0;
    }

    private static NeuralinkException? FindDifference(string path, SafeFileHandle file, byte[] expected, ActivationTraceInfo info)
    {
        string operation = $"go on with {path}";
        byte[] found = new byte[expected.Length];
        if (ReadUpTo(file, found) == found.Length && found.AsSpan().SequenceEqual(expected))
        {
            long length = RandomAccess.GetLength(file), dataEnd = expected.Length + info.DataBytes;
            long whole = dataEnd + ActivationTraceProgress.TrailerBytes;
            return length == dataEnd || length == whole
                ? null
                : new NeuralinkException(operation, $"{whole} bytes", $"{length}", "the file is damaged; start over with --force");
        }
        (string wanted, string there) = Difference(info, TryReadInfo(path, file));
        return new NeuralinkException(operation, wanted, there, Advice);
    }

    private static (string Wanted, string There) Difference(ActivationTraceInfo info, ActivationTraceInfo? other)
    {
        if (other is null)
            return ("an unfinished trace", "something else");
        if (other.ModelDigest != info.ModelDigest)
            return ($"a trace of {info.ModelName} ({info.ModelDigest})", $"one of {other.ModelName} ({other.ModelDigest})");
        if (other.TokenCount != info.TokenCount)
            return ($"a trace of {info.TokenCount} tokens", $"one of {other.TokenCount}");
        if (other.TextsDigest != info.TextsDigest)
            return ($"a trace of {info.Texts}", $"one of other text, or in other windows ({other.Texts})");
        return other.InputSize != info.InputSize ? (Inputs(info), Inputs(other)) : ($"{info}", $"{other}");

        static string Inputs(ActivationTraceInfo info) =>
            info.InputSize is { } size ? $"a trace with layer inputs of {size} values" : "a trace without layer inputs";
    }

    /// <summary>What the header says, or null if it is not the header of a trace.</summary>
    private static ActivationTraceInfo? TryReadInfo(string path, SafeFileHandle file)
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
            long dataBytes = length - header.Length - ActivationTraceProgress.TrailerBytes;
            return ActivationTraceFormat.Parse(
                $"open {path}", SafetensorsHeader.Parse(header.AsSpan(PrefixBytes), header.Length, dataBytes).Metadata);
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
