using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Storage.Memory;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Inference;

/// <summary>Rows of many sequences in one pass: each gives the very bits of running alone, however they are mixed.</summary>
public sealed class ForwardPassTests
{
    // Attention with a window and without, heads that share keys and values, rotated and learned positions, norms before and after.
    public static TheoryData<string> Names => new("llama-relu", "llama3-rope", "mistral-relu", "bamboo-drelu", "opt", "opt-post-norm");

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_mix_of_sequences_gives_each_the_bits_of_running_alone(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        using PackedModel packed = new(model.Folder);
        int[][] texts = [.. Enumerable.Range(0, 4).Select(s => Text(seed: s, length: 50 + (7 * s)))];
        float[][] alone;
        using (SparseForward one = new(packed.Folder, chunkTokens: 1, threads: 1))
            alone = [.. texts.Select(text => LogitsAlone(one, text))];
        foreach ((int blockPositions, int blocks, int threads, int logitRows) in (ReadOnlySpan<(int, int, int, int)>)
            [(1, 100, 1, 1), (3, 34, 2, 5), (32, 5, 3, 24)])
        {
            using SparseForward mixed = new(packed.Folder, chunkTokens: 24, threads, logitRows, blocks, blockPositions);
            Mix mix = new(mixed, texts, alone, new Random(blockPositions));
            mix.Run(passes: 45);
            mix.RowsCompared.Should().BeGreaterThan(100);
            mix.Exhaustions.Should().BeGreaterThan(0, "the pool is too small for all");
            mix.Rewinds.Should().BeGreaterThan(5);
        }
    }

    [Fact]
    public void Rows_stand_after_what_their_sequence_has_and_say_whose_logits_are_wanted()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        using NativeArena arena = new(1 << 24);
        KvBlockPool pool = new(arena, HuggingFaceConfig.Read(model.Folder), blockCount: 4, blockPositions: 8);
        KvSequence a = new(pool, 20), b = new(pool, 20), c = new(pool, 20);
        a.Append(5);
        ForwardPass pass = new(rowsMax: 6);
        pass.Add(a, [7], logits: 1);
        pass.Add(b, [1, 2, 3], logits: 0);
        pass.Add(b, [4, 5], logits: 1);
        pass.Rows.ToArray().Should().Equal(
            new PassRow(7, a, 5, true), new PassRow(1, b, 0, false), new PassRow(2, b, 1, false), new PassRow(3, b, 2, false),
            new PassRow(4, b, 3, false), new PassRow(5, b, 4, true));
        pass.WantedRows.ToArray().Should().Equal(0, 5);
        (a.Length, b.Length).Should().Be((6, 5));
        pass.Invoking(p => p.Add(c, [1], 0)).Should().Throw<ArgumentOutOfRangeException>("six rows are there");
        pass.Clear();
        pass.Count.Should().Be(0);
        pass.WantedRows.ToArray().Should().BeEmpty();
        pass.Invoking(p => p.Add(c, [], 0)).Should().Throw<ArgumentOutOfRangeException>();
        pass.Invoking(p => p.Add(c, [1], 2)).Should().Throw<ArgumentOutOfRangeException>();
        c.Append(16);
        pass.Add(a, [1], logits: 1);
        pass.Invoking(p => p.Add(b, [1, 2, 3, 4], 1)).Should().Throw<KvPoolExhaustedException>();
        (pass.Count, b.Length).Should().Be((1, 5), "what does not fit changes nothing");
    }

    private static float[] LogitsAlone(SparseForward one, int[] text)
    {
        one.Reset();
        return one.Forward(text);
    }

    private static int[] Text(int seed, int length)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(257))];
    }

    /// <summary>
    /// Random passes: sequences grow by chunks or single tokens, go back, end and begin anew.
    /// The pool is too small for all.
    /// </summary>
    private sealed class Mix(SparseForward forward, int[][] texts, float[][] alone, Random random)
    {
        private readonly KvSequence[] _sequences = [.. texts.Select(_ => forward.NewSequence())];
        private readonly ForwardPass _pass = new(24);

        public int RowsCompared { get; private set; }

        public int Exhaustions { get; private set; }

        public int Rewinds { get; private set; }

        public void Run(int passes)
        {
            for (int i = 0; i < passes; i++)
            {
                _pass.Clear();
                foreach (int s in Enumerable.Range(0, texts.Length).OrderBy(_ => random.Next()).ToArray())
                    Grow(s);
                if (_pass.Count == 0)
                    _sequences[random.Next(texts.Length)].Truncate(0);
                else
                    Compare(forward.Run(_pass));
                if (random.Next(5) == 0)
                    Rewind(_sequences[random.Next(texts.Length)]);
            }
        }

        private void Grow(int s)
        {
            KvSequence sequence = _sequences[s];
            if (sequence.Length == texts[s].Length)
                sequence.Truncate(0);
            int most = Math.Min(_pass.RowsMax - _pass.Count, texts[s].Length - sequence.Length);
            int count = Math.Min(most, random.Next(3) == 0 ? random.Next(14) : random.Next(2));
            if (count == 0)
                return;
            int before = sequence.Length;
            try
            {
                _pass.Add(sequence, texts[s].AsSpan(before, count), logits: random.Next(count + 1));
            }
            catch (KvPoolExhaustedException)
            {
                sequence.Length.Should().Be(before);
                Exhaustions++;
            }
        }

        private void Rewind(KvSequence sequence)
        {
            sequence.Truncate(random.Next(sequence.Length + 1));
            Rewinds++;
        }

        private void Compare(float[] logits)
        {
            int vocabulary = forward.Config.VocabularySize;
            for (int i = 0; i < _pass.WantedRows.Length; i++)
            {
                PassRow row = _pass.Rows[_pass.WantedRows[i]];
                row.WantsLogits.Should().BeTrue();
                ReadOnlySpan<float> expected = alone[Array.IndexOf(_sequences, row.Sequence)].AsSpan(row.Position * vocabulary, vocabulary);
                logits.AsSpan(i * vocabulary, vocabulary).SequenceEqual(expected).Should().BeTrue("of {0} among {1}", row, _pass.Count);
                RowsCompared++;
            }
        }
    }
}
