using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Neuralink.Models.Tracing;

/// <summary>
/// The tokens of one or more texts, cut into windows that are traced one by one, each from position 0. A text's last window may be
/// shorter; no window spans two texts.
/// </summary>
public sealed class TokenWindows
{
    private readonly int[] _tokens;
    private readonly int[] _begins;            // [windows + 1]

    private TokenWindows(int[] tokens, int[] begins, int windowTokens)
    {
        _tokens = tokens;
        _begins = begins;
        WindowTokens = windowTokens;
    }

    /// <summary>The most tokens of a window.</summary>
    public int WindowTokens { get; }

    /// <summary>Windows.</summary>
    public int Count => _begins.Length - 1;

    /// <summary>Tokens of all windows.</summary>
    public int TokenCount => _tokens.Length;

    /// <summary>SHA-256, in hexadecimal, of the token ids and the places of the cuts.</summary>
    public string Digest
    {
        get
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            Span<byte> number = stackalloc byte[sizeof(int)];
            foreach (int value in (ReadOnlySpan<int>)[Count, .. _begins, .. _tokens])
            {
                BinaryPrimitives.WriteInt32LittleEndian(number, value);
                hash.AppendData(number);
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    /// <summary>Cuts texts into windows of <paramref name="windowTokens"/>.</summary>
    public static TokenWindows Cut(IEnumerable<int[]> texts, int windowTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(windowTokens, 1);
        List<int> tokens = [], begins = [0];
        foreach (int[] text in texts)
        {
            for (int begin = 0; begin < text.Length; begin += windowTokens)
            {
                tokens.AddRange(text.AsSpan(begin, Math.Min(windowTokens, text.Length - begin)));
                begins.Add(tokens.Count);
            }
        }
        return new TokenWindows([.. tokens], [.. begins], windowTokens);
    }

    /// <summary>The tokens of window <paramref name="index"/>.</summary>
    public ReadOnlySpan<int> Window(int index) => _tokens.AsSpan(_begins[index].._begins[index + 1]);

    /// <summary>Where window <paramref name="index"/> begins among all tokens; for <see cref="Count"/>, where the last one ends.</summary>
    public int BeginOf(int index) => _begins[index];

    /// <summary>
    /// The window that begins at token <paramref name="token"/>, or <see cref="Count"/> at the end; null where none does.
    /// </summary>
    public int? WindowAt(int token) => Array.BinarySearch(_begins, token) is >= 0 and int index ? index : null;
}
