using Neuralink.Models.Tokenizers.Subwords;

namespace Neuralink.Models.Tests.Tokenizers.Subwords;

public class BytePairMergesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Scan_and_queue_merge_as_the_definition_says(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 200; round++)
        {
            Dictionary<ulong, Merge> merges = RandomMerges(random, tokenCount: 12, mergeCount: random.Next(40));
            BytePairMerges subject = new(merges);
            int[] word = [.. Enumerable.Range(0, random.Next(120)).Select(_ => random.Next(4))];
            int[] expected = ByDefinition(word, merges);

            int[] scanned = [.. word];
            scanned[..subject.ApplyByScan(scanned)].Should().Equal(expected);
            int[] queued = [.. word];
            queued[..subject.ApplyByQueue(queued, out _)].Should().Equal(expected);
            int[] chosen = [.. word];
            chosen[..subject.Apply(chosen)].Should().Equal(expected);
        }
    }

    [Fact]
    public void The_queue_takes_in_at_most_three_pairs_a_symbol_however_long_the_word()
    {
        // a a -> A, A A -> B, ... : every level of the word merges.
        Dictionary<ulong, Merge> merges = [];
        for (int level = 0; level < 20; level++)
            merges[BytePairMerges.KeyOf(level, level)] = new Merge(level, level + 1);

        int[] word = new int[1 << 16];
        int count = new BytePairMerges(merges).ApplyByQueue(word, out int candidates);

        count.Should().Be(1);
        word[0].Should().Be(16);
        candidates.Should().BeInRange(word.Length - 1, 3 * word.Length);
    }

    // Ranks are unique a pair, as in a file, but in no order: a merge may make a pair of lower rank.
    private static Dictionary<ulong, Merge> RandomMerges(Random random, int tokenCount, int mergeCount)
    {
        Dictionary<ulong, Merge> merges = [];
        for (int rank = 0; rank < mergeCount; rank++)
        {
            ulong key = BytePairMerges.KeyOf(random.Next(tokenCount), random.Next(tokenCount));
            merges[key] = new Merge(rank, random.Next(4, tokenCount));
        }

        return merges;
    }

    private static int[] ByDefinition(int[] word, Dictionary<ulong, Merge> merges)
    {
        List<int> symbols = [.. word];
        while (true)
        {
            var best = Enumerable.Range(0, Math.Max(0, symbols.Count - 1))
                .Where(i => merges.ContainsKey(BytePairMerges.KeyOf(symbols[i], symbols[i + 1])))
                .Select(i => (At: i, Merge: merges[BytePairMerges.KeyOf(symbols[i], symbols[i + 1])]))
                .OrderBy(found => found.Merge.Rank).ThenBy(found => found.At)
                .ToList();
            if (best.Count == 0)
                return [.. symbols];

            symbols[best[0].At] = best[0].Merge.Id;
            symbols.RemoveAt(best[0].At + 1);
        }
    }
}
