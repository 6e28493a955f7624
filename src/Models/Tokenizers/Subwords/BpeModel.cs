using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers.Subwords;

/// <summary>
/// Byte-pair encoding: a word becomes one symbol for each of its characters, or of its bytes, and neighbouring symbols merge by rank
/// (Sennrich et al. 2016).
/// </summary>
internal sealed class BpeModel : SubwordModel
{
    private const int NoToken = -1;

    private readonly BpeParts _parts;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _byChars;
    private readonly int[]? _byteTokens;

    public BpeModel(BpeParts parts)
        : base(parts.ReadsBytes ? null : WordStart.Of(parts.Vocabulary))
    {
        _parts = parts;
        _byChars = parts.Vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        if (parts.ReadsBytes)
        {
            _byteTokens = [.. Enumerable.Range(0, 256).Select(value =>
                _byChars.TryGetValue([ByteAlphabet.ToChar((byte)value)], out int id) ? id : parts.Unknowns.Unknown ?? NoToken)];
        }
    }

    /// <summary>What it is made of.</summary>
    public BpeParts Parts => _parts;

    protected override void EncodeUncached(ReadOnlySpan<char> word, List<int> tokens)
    {
        if (_byteTokens is null)
            EncodeCharacters(word, tokens);
        else
            EncodeBytes(word, tokens);
    }

    private void EncodeCharacters(ReadOnlySpan<char> word, List<int> tokens)
    {
        if (_parts.IgnoresMerges && _byChars.TryGetValue(word, out int whole))
        {
            tokens.Add(whole);
            return;
        }

        // The symbols are laid out at the list's end and merged there: no second buffer.
        int start = tokens.Count;
        int? pending = null;
        for (int at = 0, end; at < word.Length; at = end)
        {
            end = at + (char.IsHighSurrogate(word[at]) && at + 1 < word.Length ? 2 : 1);
            ReadOnlySpan<char> character = word[at..end];
            if (_byChars.TryGetValue(character, out int id))
            {
                if (pending is { } unknown)
                    tokens.Add(unknown);
                pending = null;
                tokens.Add(id);
            }
            else if (!_parts.Unknowns.TryAppendBytes(character, tokens))
            {
                if (pending is { } unknown && !_parts.Unknowns.IsFused)
                    tokens.Add(unknown);
                pending = _parts.Unknowns.Require(character);
            }
        }
        if (pending is { } last)
            tokens.Add(last);
        CollectionsMarshal.SetCount(tokens, start + _parts.Merges.Apply(CollectionsMarshal.AsSpan(tokens)[start..]));
    }

    private void EncodeBytes(ReadOnlySpan<char> word, List<int> tokens)
    {
        // A char is at most three bytes of UTF-8 (a surrogate pair, two chars, is four); so a word of 85 fits the stack.
        const int stackBytesMax = 256;
        int bytesMax = Encoding.UTF8.GetMaxByteCount(word.Length);
        byte[]? rented = bytesMax > stackBytesMax ? ArrayPool<byte>.Shared.Rent(bytesMax) : null;
        try
        {
            Span<byte> bytes = rented ?? stackalloc byte[stackBytesMax];
            bytes = bytes[..Encoding.UTF8.GetBytes(word, bytes)];
            if (_parts.IgnoresMerges && TryGetWhole(bytes, out int whole))
                tokens.Add(whole);
            else
                AppendMerged(bytes, tokens);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void AppendMerged(ReadOnlySpan<byte> bytes, List<int> tokens)
    {
        int start = tokens.Count;
        CollectionsMarshal.SetCount(tokens, start + bytes.Length);
        Span<int> symbols = CollectionsMarshal.AsSpan(tokens)[start..];
        for (int i = 0; i < bytes.Length; i++)
        {
            symbols[i] = _byteTokens![bytes[i]];
            if (symbols[i] == NoToken)
                ThrowNoToken(bytes[i]);
        }
        CollectionsMarshal.SetCount(tokens, start + _parts.Merges.Apply(symbols));
    }

    private bool TryGetWhole(ReadOnlySpan<byte> bytes, out int id)
    {
        // No published entry is longer; Llama-3's longest is 128 bytes.
        const int entryBytesMax = 1024;
        id = NoToken;
        if (bytes.Length > entryBytesMax)
            return false;
        Span<char> symbols = stackalloc char[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
            symbols[i] = ByteAlphabet.ToChar(bytes[i]);
        return _byChars.TryGetValue(symbols, out id);
    }

    [DoesNotReturn]
    private static void ThrowNoToken(byte value) =>
        throw new NeuralinkException(
            "encode the text", "a vocabulary with a token for each byte", $"none for the byte 0x{value:X2}",
            "the tokenizer cannot write this text; leave the character out");
}

/// <summary>What a <see cref="BpeModel"/> is made of.</summary>
/// <param name="Vocabulary">Token to id. Compares ordinally.</param>
/// <param name="Merges">The merges over those ids.</param>
/// <param name="IgnoresMerges">A word that is an entry of the vocabulary is that token, whatever the merges make of it.</param>
/// <param name="ReadsBytes">The vocabulary is written in the byte-level alphabet, and words come as plain text.</param>
/// <param name="Unknowns">What becomes of characters that the vocabulary lacks.</param>
internal sealed record BpeParts(
    Dictionary<string, int> Vocabulary, BytePairMerges Merges, bool IgnoresMerges, bool ReadsBytes, UnknownTokens Unknowns);
