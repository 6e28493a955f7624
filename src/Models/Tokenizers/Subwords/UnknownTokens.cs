using System.Diagnostics.CodeAnalysis;
using System.Text;
using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers.Subwords;

/// <summary>What becomes of characters that a vocabulary lacks: tokens of their bytes, or the token for what is unknown.</summary>
internal sealed class UnknownTokens
{
    private readonly int[]? _bytes;

    /// <param name="vocabulary">Where the tokens of the bytes are, called &lt;0x00&gt; to &lt;0xFF&gt;.</param>
    /// <param name="fallsBackToBytes">Whether they are used.</param>
    /// <param name="unknown">The token for what is unknown, or null.</param>
    /// <param name="isFused">Unknown characters side by side are one unknown.</param>
    public UnknownTokens(IReadOnlyDictionary<string, int> vocabulary, bool fallsBackToBytes, int? unknown, bool isFused)
    {
        Unknown = unknown;
        IsFused = isFused;
        if (fallsBackToBytes)
            _bytes = [.. Enumerable.Range(0, 256).Select(value => vocabulary.GetValueOrDefault($"<0x{value:X2}>", -1))];
    }

    public int? Unknown { get; }

    public bool IsFused { get; }

    public bool FallsBackToBytes => _bytes is not null;

    /// <summary>Appends the tokens of the bytes of <paramref name="text"/> and returns true, if all of them have one.</summary>
    public bool TryAppendBytes(ReadOnlySpan<char> text, List<int> tokens)
    {
        if (_bytes is null)
            return false;
        int start = tokens.Count;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in text.EnumerateRunes())
        {
            foreach (byte value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                if (_bytes[value] < 0)
                {
                    tokens.RemoveRange(start, tokens.Count - start);
                    return false;
                }
                tokens.Add(_bytes[value]);
            }
        }
        return true;
    }

    /// <summary>The token for what is unknown.</summary>
    public int Require(ReadOnlySpan<char> text)
    {
        if (Unknown is null)
            ThrowNone(text);
        return Unknown.Value;
    }

    [DoesNotReturn]
    private static void ThrowNone(ReadOnlySpan<char> text)
    {
        Rune.DecodeFromUtf16(text, out Rune rune, out _);
        throw new NeuralinkException(
            "encode the text", "a vocabulary with every character of it, or a token for what is unknown",
            $"no token for U+{rune.Value:X4}", "the tokenizer cannot write this text; leave the character out");
    }
}
