using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Neuralink.Models.Checkpoints;
using Neuralink.Storage.Gguf;
using Neuralink.Storage.Image;

namespace Neuralink;

/// <summary>
/// What identifies the image of a checkpoint, without reading its weights: the image's version, the weight format asked for, every file
/// of settings that is there or not, and of each file of weights its name, length, time of change and header or end.
/// </summary>
internal static class ImageKey
{
    /// <summary>
    /// Raised whenever the same folder is read differently than before, such as a setting that now counts: the images of older programs
    /// are then not found again.
    /// </summary>
    private const int ReadingVersion = 2;

    /// <summary>The longest safetensors header that the format allows, as its first implementation has it.</summary>
    private const int HeaderBytesMax = 100_000_000;

    /// <summary>What is read of a file of weights that has no header in front. A checkpoint's zip directory is shorter.</summary>
    private const int EndBytesMax = 1 << 20;

    /// <summary>Digits of a key.</summary>
    public const int Length = 16;

    /// <summary>Hexadecimal digits.</summary>
    /// <param name="files">The checkpoint's.</param>
    /// <param name="weights">The weight format, and what else of the reading was asked for.</param>
    /// <param name="formatVersion">
    /// The image's: after it changes, the images in the cache are not found again, and packed anew beside the old.
    /// </param>
    public static string Of(CheckpointFiles files, string weights, int formatVersion = ImageManifest.CurrentVersion)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Encoding.UTF8.GetBytes($"{formatVersion} {ReadingVersion} {weights}"));
        foreach (string path in files.Settings)
            AppendSettings(hash, path);
        foreach (FileInfo file in files.Weights.Select(path => new FileInfo(path)))
        {
            Append(hash, Encoding.UTF8.GetBytes($"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}"));
            Append(hash, file.Extension switch
            {
                ".safetensors" => Header(file.FullName),
                ".bin" => End(file.FullName),
                _ => GgufFile.ReadHead(file.FullName),
            });
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Length];
    }

    /// <summary>Its name and bytes, or that it is not there; an empty file is another thing.</summary>
    private static void AppendSettings(IncrementalHash hash, string path)
    {
        FileInfo file = new(path);
        bool isThere = file.Exists && file.ResolveLinkTarget(returnFinalTarget: true) is not { Exists: false };
        Append(hash, Encoding.UTF8.GetBytes($"{Path.GetFileName(path)} {isThere}"));
        if (isThere)
            Append(hash, File.ReadAllBytes(path));
    }

    /// <summary>With its length before it, so that no two lists of parts run together alike.</summary>
    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }

    /// <summary>The header's JSON, or as much of it as there is.</summary>
    private static byte[] Header(string path)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] prefix = new byte[sizeof(ulong)];
        if (stream.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) < prefix.Length)
            return [];
        long lengthMax = Math.Min(stream.Length - prefix.Length, HeaderBytesMax);
        ulong length = Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(prefix), (ulong)lengthMax);
        byte[] header = new byte[length];
        return header[..stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false)];
    }

    /// <summary>The last bytes, where a zip archive has the checksums of all its records.</summary>
    private static byte[] End(string path)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] end = new byte[Math.Min(stream.Length, EndBytesMax)];
        stream.Seek(-end.Length, SeekOrigin.End);
        return end[..stream.ReadAtLeast(end, end.Length, throwOnEndOfStream: false)];
    }
}
