using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Neuralink.Storage.Hub;

/// <summary>
/// The checksum by which the Hub calls a file: SHA-256 (64 digits) of a large one, or the SHA-1 (40 digits) that git gives a blob, which
/// begins with "blob LENGTH" and a zero byte.
/// </summary>
internal sealed class BlobHash : IDisposable
{
    private const int Sha256Digits = 64, Sha1Digits = 40;

    private readonly IncrementalHash _hash;
    private readonly byte[] _prefix;

    private BlobHash(HashAlgorithmName algorithm, string prefix)
    {
        _hash = IncrementalHash.CreateHash(algorithm);
        _prefix = Encoding.ASCII.GetBytes(prefix);
        Restart();
    }

    /// <summary>The checksum that <paramref name="etag"/> is, or null where it is none.</summary>
    /// <param name="etag">What the Hub calls the file.</param>
    /// <param name="length">The file's length, or null where it is not known.</param>
    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "It is git's own name of a blob.")]
    public static BlobHash? Of(string etag, long? length)
    {
        if (!etag.All(char.IsAsciiHexDigitLower))
            return null;
        return etag.Length switch
        {
            Sha256Digits => new BlobHash(HashAlgorithmName.SHA256, ""),
            Sha1Digits when length is not null => new BlobHash(HashAlgorithmName.SHA1, $"blob {length}\0"),
            _ => null,
        };
    }

    /// <summary>The next byte is the file's first.</summary>
    public void Restart()
    {
        _hash.GetHashAndReset();
        _hash.AppendData(_prefix);
    }

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>The checksum of all bytes.</summary>
    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
