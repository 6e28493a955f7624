using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// A byte-level BPE vocabulary: a word's UTF-8 bytes become one token each, then merge.
/// Thread safety: immutable but for its cache, which is safe.
/// </summary>
internal sealed class BpeModel
{
    private const int NoToken = -1;

    private readonly Dictionary<string, int> _vocabulary;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _byChars;
    private readonly BytePairMerges _merges;
    private readonly bool _ignoreMerges;
    private readonly int[] _byteTokens = new int[256];
    private readonly WordCache _cache = new();

    /// <param name="vocabulary">Token, in the byte-level alphabet, to id. Compares ordinally.</param>
    /// <param name="merges">The merges over those ids.</param>
    /// <param name="ignoreMerges">A word that is an entry of the vocabulary is that token, whatever the merges make of it.</param>
    /// <param name="unknown">The token for a byte without one, or null where there is none.</param>
    public BpeModel(Dictionary<string, int> vocabulary, BytePairMerges merges, bool ignoreMerges, int? unknown)
    {
        _vocabulary = vocabulary;
        _byChars = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        _merges = merges;
        _ignoreMerges = ignoreMerges;
        for (int value = 0; value < _byteTokens.Length; value++)
        {
            char symbol = ByteAlphabet.ToChar((byte)value);
            _byteTokens[value] = _byChars.TryGetValue([symbol], out int id) ? id : unknown ?? NoToken;
        }
    }

    /// <summary>Every token and its id.</summary>
    public IReadOnlyDictionary<string, int> Vocabulary => _vocabulary;

    /// <summary>Appends the tokens of one word to <paramref name="tokens"/>.</summary>
    /// <exception cref="NeuralinkException">The word has a byte for which the vocabulary has no token.</exception>
    public void EncodeWord(ReadOnlySpan<char> word, List<int> tokens)
    {
        if (_cache.TryAppend(word, tokens))
        {
            return;
        }

        // A char is at most three bytes of UTF-8 (a surrogate pair, two chars, is four); so a word of 85 fits the stack.
        const int stackBytesMax = 256;
        int bytesMax = Encoding.UTF8.GetMaxByteCount(word.Length);
        byte[]? rented = bytesMax > stackBytesMax ? ArrayPool<byte>.Shared.Rent(bytesMax) : null;
        try
        {
            Span<byte> bytes = rented ?? stackalloc byte[stackBytesMax];
            bytes = bytes[..Encoding.UTF8.GetBytes(word, bytes)];
            int start = tokens.Count;
            if (_ignoreMerges && TryGetWhole(bytes, out int whole))
            {
                tokens.Add(whole);
            }
            else
            {
                AppendMerged(bytes, tokens);
            }

            _cache.Keep(word, CollectionsMarshal.AsSpan(tokens)[start..]);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private void AppendMerged(ReadOnlySpan<byte> bytes, List<int> tokens)
    {
        // The symbols are laid out at the list's end and merged there: no second buffer.
        int start = tokens.Count;
        CollectionsMarshal.SetCount(tokens, start + bytes.Length);
        Span<int> symbols = CollectionsMarshal.AsSpan(tokens)[start..];
        for (int i = 0; i < bytes.Length; i++)
        {
            symbols[i] = _byteTokens[bytes[i]];
            if (symbols[i] == NoToken)
            {
                ThrowNoToken(bytes[i]);
            }
        }

        CollectionsMarshal.SetCount(tokens, start + _merges.Apply(symbols));
    }

    private bool TryGetWhole(ReadOnlySpan<byte> bytes, out int id)
    {
        // No published entry is longer; Llama-3's longest is 128 bytes.
        const int entryBytesMax = 1024;
        id = NoToken;
        if (bytes.Length > entryBytesMax)
        {
            return false;
        }

        Span<char> symbols = stackalloc char[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            symbols[i] = ByteAlphabet.ToChar(bytes[i]);
        }

        return _byChars.TryGetValue(symbols, out id);
    }

    [DoesNotReturn]
    private static void ThrowNoToken(byte value) =>
        throw new NeuralinkException(
            "encode text", "bytes for which the vocabulary has a token", $"byte 0x{value:X2}, for which it has none");
}
