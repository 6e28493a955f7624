using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Models;

/// <summary>
/// What identifies the image of a model folder, without reading its weights: the image's version, the weight format asked for, the
/// configuration, the tokenizer, and of each safetensors file its name, length, time of change and header.
/// </summary>
internal static class ImageKey
{
    /// <summary>The longest safetensors header that the format allows, as its first implementation has it.</summary>
    private const int HeaderBytesMax = 100_000_000;

    /// <summary>16 hexadecimal digits.</summary>
    /// <param name="modelFolder">The Hugging Face folder.</param>
    /// <param name="weights">The weight format asked for.</param>
    /// <param name="formatVersion">The image's: after it changes, the images in the cache are not found again, and packed anew beside the old.</param>
    public static string Of(string modelFolder, string weights, int formatVersion = ImageManifest.CurrentVersion)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Encoding.UTF8.GetBytes($"{formatVersion} {weights}"));
        Append(hash, File.ReadAllBytes(Path.Combine(modelFolder, "config.json")));
        Append(hash, File.ReadAllBytes(Path.Combine(modelFolder, "tokenizer.json")));
        foreach (FileInfo file in new DirectoryInfo(modelFolder).EnumerateFiles("*.safetensors").OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            Append(hash, Encoding.UTF8.GetBytes($"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}"));
            Append(hash, Header(file.FullName));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
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
        ulong length = Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(prefix), (ulong)Math.Min(stream.Length - prefix.Length, HeaderBytesMax));
        byte[] header = new byte[length];
        return header[..stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false)];
    }
}
