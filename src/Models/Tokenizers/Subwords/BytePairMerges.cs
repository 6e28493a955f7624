namespace Neuralink.Models.Tokenizers.Subwords;

/// <summary>What two neighbouring tokens merge into: lower ranks merge first.</summary>
internal readonly record struct Merge(int Rank, int Id);

/// <summary>
/// Byte-pair merging: of all neighbouring pairs in a word that have a merge, the one of lowest rank (the leftmost among
/// equals) becomes one token, until no pair has one (Sennrich et al. 2016, section 3.2). Two ways with one result: a scan
/// for short words, O(n²) but without a heap, and a priority queue for long ones, O(n log n).
/// Thread safety: immutable after construction.
/// </summary>
internal sealed class BytePairMerges
{
    /// <summary>
    /// Words of more symbols use the queue. Published vocabularies' words are nearly all shorter than this, and at this
    /// length both ways cost about the same.
    /// </summary>
    public const int ScanSymbolsMax = 48;

    /// <summary>An odd number, and the one that undoes multiplying by it in 64 bits.</summary>
    private const ulong Mixer = 0x9E37_79B9_7F4A_7C15, MixerInverse = 0xF1DE_83E1_9937_733D;

    /// <summary>Of a pair that does not merge.</summary>
    private static readonly Merge NoMerge = new(int.MaxValue, 0);

    private readonly Dictionary<ulong, Merge> _merges;

    /// <param name="merges">By <see cref="KeyOf"/> of the left and the right token.</param>
    public BytePairMerges(Dictionary<ulong, Merge> merges)
    {
        _merges = merges;
    }

    /// <summary>
    /// The key of a pair of tokens: both numbers, multiplied by an odd constant, so that different pairs stay different. A dictionary takes
    /// the exclusive or of the halves of a key, and that of the plain numbers is the same for very many pairs.
    /// </summary>
    public static ulong KeyOf(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) * Mixer;

    /// <summary>All merges, those of lower ranks first, and of equal ranks in no order.</summary>
    public IEnumerable<(int Left, int Right, Merge Merge)> InOrder() => _merges.OrderBy(pair => pair.Value.Rank).Select(pair =>
    {
        ulong key = pair.Key * MixerInverse;
        return ((int)(key >> 32), (int)(uint)key, pair.Value);
    });

    /// <summary>Merges the symbols of one word in place; returns how many tokens remain at its front.</summary>
    public int Apply(Span<int> symbols) =>
        symbols.Length <= ScanSymbolsMax ? ApplyByScan(symbols) : ApplyByQueue(symbols, out _);

    /// <summary>Keeps the merge of each neighbouring pair, so that a merge looks up only the two pairs that it changes.</summary>
    internal int ApplyByScan(Span<int> symbols)
    {
        int count = symbols.Length;
        if (count < 2)
            return count;
        Span<Merge> pairs = count <= ScanSymbolsMax ? stackalloc Merge[ScanSymbolsMax] : new Merge[count];
        for (int i = 0; i + 1 < count; i++)
            pairs[i] = MergeAt(symbols, i);
        while (true)
        {
            int at = -1, best = NoMerge.Rank;
            for (int i = 0; i + 1 < count; i++)
            {
                if (pairs[i].Rank < best)
                    (at, best) = (i, pairs[i].Rank);
            }
            if (at < 0)
                return count;
            symbols[at] = pairs[at].Id;
            symbols[(at + 2)..count].CopyTo(symbols[(at + 1)..]);
            pairs[(at + 1)..(count - 1)].CopyTo(pairs[at..]);
            count--;
            if (at > 0)
                pairs[at - 1] = MergeAt(symbols, at - 1);
            if (at + 1 < count)
                pairs[at] = MergeAt(symbols, at);
        }
    }

    /// <param name="symbols">The symbols of one word.</param>
    /// <param name="candidates">How many pairs were queued: at most three times the symbols, whatever the word.</param>
    internal int ApplyByQueue(Span<int> symbols, out int candidates)
    {
        // A doubly linked list over the symbols' positions. A merged pair lives on at its left position; its right
        // position is dead (next = Dead). Queued pairs are not removed when a neighbour changes: they are checked when
        // they come out, against the rank their position has by then.
        const int end = -1;
        const int dead = -2;
        int[] next = new int[symbols.Length];
        int[] previous = new int[symbols.Length];
        PriorityQueue<int, ulong> queue = new(symbols.Length);
        candidates = 0;
        for (int i = 0; i < symbols.Length; i++)
        {
            next[i] = i + 1 < symbols.Length ? i + 1 : end;
            previous[i] = i - 1;
        }

        for (int i = 0; i + 1 < symbols.Length; i++)
            candidates += Enqueue(queue, symbols, i, i + 1);

        int count = symbols.Length;
        while (queue.TryDequeue(out int left, out ulong priority))
        {
            int right = next[left];
            if (right < 0
                || !_merges.TryGetValue(KeyOf(symbols[left], symbols[right]), out Merge merge)
                || PriorityOf(merge.Rank, left) != priority)
            {
                continue;
            }

            symbols[left] = merge.Id;
            next[left] = next[right];
            next[right] = dead;
            count--;
            if (next[left] >= 0)
            {
                previous[next[left]] = left;
                candidates += Enqueue(queue, symbols, left, next[left]);
            }

            if (previous[left] >= 0)
                candidates += Enqueue(queue, symbols, previous[left], left);
        }

        int kept = 0;
        for (int i = 0; i >= 0 && symbols.Length > 0; i = next[i])
            symbols[kept++] = symbols[i];

        return count;
    }

    private Merge MergeAt(ReadOnlySpan<int> symbols, int left) =>
        _merges.TryGetValue(KeyOf(symbols[left], symbols[left + 1]), out Merge merge) ? merge : NoMerge;

    private int Enqueue(PriorityQueue<int, ulong> queue, Span<int> symbols, int left, int right)
    {
        if (!_merges.TryGetValue(KeyOf(symbols[left], symbols[right]), out Merge merge))
            return 0;

        queue.Enqueue(left, PriorityOf(merge.Rank, left));
        return 1;
    }

    private static ulong PriorityOf(int rank, int position) => ((ulong)(uint)rank << 32) | (uint)position;
}
