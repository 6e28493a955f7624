using System.IO.Hashing;

namespace Neuralink.Storage;

/// <summary>
/// The digest of a long file: XXH128 (the 128-bit XXH3 of xxHash) in lower-case hexadecimal, as `xxh128sum` prints it. It finds damage
/// and tells files apart. 128 bits take the same time as 64, and no two files ever meet in them by chance. Files that somebody forged it
/// does not tell apart; no digest does that lies beside the file it is of.
/// </summary>
public sealed class FileDigest
{
    /// <summary>What messages call it.</summary>
    public const string Name = "XXH128";

    private const int HexDigits = 32;
    private const int PieceBytes = 1 << 20;

    private readonly XxHash128 _hash = new();

    /// <summary>Takes the next bytes of the file.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => _hash.Append(bytes);

    /// <summary>The digest of all bytes taken; the next byte begins another file.</summary>
    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    /// <summary>Whether <paramref name="text"/> is written as a digest is.</summary>
    public static bool IsWellFormed(string text) => text.Length == HexDigits && text.All(char.IsAsciiHexDigitLower);

    /// <summary>The digest of a whole file, read through the page cache.</summary>
    /// <param name="path">The file.</param>
    /// <param name="advance">Told the bytes of each piece read; may throw to end it.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Of(string path, Action<int>? advance = null)
    {
        FileDigest digest = new();
        byte[] piece = new byte[PieceBytes];
        using FileStream stream = new(path, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 0 });
        for (int count; (count = stream.Read(piece)) > 0; advance?.Invoke(count))
            digest.Append(piece.AsSpan(0, count));
        return digest.Finish();
    }
}
