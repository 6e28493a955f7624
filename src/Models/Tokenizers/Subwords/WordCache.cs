using System.Collections.Concurrent;

namespace Neuralink.Models.Tokenizers.Subwords;

/// <summary>
/// Words already encoded. Text repeats its words, so most are found here; once full it takes no more.
/// Thread safety: every member, from any thread.
/// </summary>
internal sealed class WordCache
{
    /// <summary>Words kept at most: the limit of Hugging Face's tokenizers (10 000), whose hit rates it was chosen for.</summary>
    public const int WordsMax = 10_000;

    /// <summary>Longer words are not kept: they hardly repeat. With <see cref="WordsMax"/> this bounds the cache near 4 MB.</summary>
    public const int WordCharsMax = 64;

    private readonly ConcurrentDictionary<string, int[]> _tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _byChars;
    private int _count;

    public WordCache()
    {
        _byChars = _tokens.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Words kept now. May exceed <see cref="WordsMax"/> by one a thread.</summary>
    public int Count => _tokens.Count;

    /// <summary>Appends the tokens of <paramref name="word"/> and returns true, or returns false where it is not kept.</summary>
    public bool TryAppend(ReadOnlySpan<char> word, List<int> tokens)
    {
        if (word.Length > WordCharsMax || !_byChars.TryGetValue(word, out int[]? known))
            return false;

        tokens.AddRange(known);
        return true;
    }

    /// <summary>Keeps <paramref name="tokens"/> for <paramref name="word"/>, if there is room and the word is short.</summary>
    public void Keep(ReadOnlySpan<char> word, ReadOnlySpan<int> tokens)
    {
        if (word.Length <= WordCharsMax && Volatile.Read(ref _count) < WordsMax && _byChars.TryAdd(word, tokens.ToArray()))
            Interlocked.Increment(ref _count);
    }
}
