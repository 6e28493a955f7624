namespace Neuralink.Kernels.Tests;

public class AttentionTests
{
    [Fact]
    public void Attend_equals_its_reference_for_head_dimensions_windows_and_groups()
    {
        foreach (int headDim in new[] { 1, 8, 16, 20, 32, 48, 64, 80, 96, 128, 130 })
        {
            foreach ((int begin, int end) in new[] { (0, 1), (0, 2), (3, 20), (0, 77), (500, 1700) })
            {
                foreach (int heads in new[] { 1, 2, 3, 4, 7 })
                {
                    var shape = new AttentionShape(headDim, heads, begin, end);
                    Half[] keys = Halves(headDim, (end + 1) * headDim);
                    Half[] values = Halves(headDim + 1, (end + 1) * headDim);
                    float[] q = Samples.Floats(heads, heads * headDim, 2f);
                    float[] expected = new float[heads * headDim];
                    Attention.Reference(q, KvHead.Contiguous(keys, values), shape, expected);
                    float[] y = new float[heads * headDim];

                    Attention.Attend(q, KvHead.Contiguous(keys, values), shape, new float[(heads * shape.Positions) + 2], y);

                    for (int i = 0; i < y.Length; i++)
                        y[i].Should().BeApproximately(expected[i], 5e-6f, $"{shape} at {i}");
                }
            }
        }
    }

    [Fact]
    public void A_head_has_the_same_bits_alone_and_in_its_group()
    {
        var group = new AttentionShape(HeadDim: 48, Heads: 6, Begin: 2, End: 133);
        Half[] keys = Halves(1, 133 * 48);
        Half[] values = Halves(2, 133 * 48);
        float[] q = Samples.Floats(3, 6 * 48);
        float[] together = new float[6 * 48];
        Attention.Attend(q, KvHead.Contiguous(keys, values), group, new float[6 * 131], together);
        for (int a = 0; a < 6; a++)
        {
            float[] alone = new float[48];
            Attention.Attend(
                q.AsSpan(a * 48, 48), KvHead.Contiguous(keys, values), group with { Heads = 1 }, new float[131], alone);
            alone.Should().Equal(together[(a * 48)..((a + 1) * 48)]);
        }
    }

    [Fact]
    public void Attend_has_the_same_bits_however_positions_lie_in_blocks()
    {
        Random random = new(7);
        for (int round = 0; round < 200; round++)
        {
            int headDim = random.Next(1, 140), heads = random.Next(1, 6), blockPositions = random.Next(1, 70);
            int end = random.Next(1, 300), begin = random.Next(end);
            var shape = new AttentionShape(headDim, heads, begin, end);
            Half[] keys = Halves(round, end * headDim), values = Halves(round + 1, end * headDim);
            float[] q = Samples.Floats(round, heads * headDim), scores = new float[heads * shape.Positions];
            float[] expected = new float[heads * headDim], y = new float[expected.Length], plain = new float[expected.Length];
            Array.Fill(y, 5f);
            Attention.Attend(q, KvHead.Contiguous(keys, values), shape, scores, expected);
            Blocks blocks = Blocks.Of(keys, values, headDim, blockPositions, random);

            Attention.Attend(q, blocks.Head, shape, scores, y);

            y.Should().Equal(expected, $"{shape} in blocks of {blockPositions}");
            Attention.Reference(q, blocks.Head, shape, plain);
            for (int i = 0; i < y.Length; i++)
                y[i].Should().BeApproximately(plain[i], 5e-6f, $"{shape} at {i}");
        }
    }

    [Fact]
    public void A_run_goes_on_over_neighbouring_blocks_and_ends_where_they_do_not_follow_each_other()
    {
        KvHead head = new([], [], [4, 5, 6, 2, 1], blockPositions: 3);
        head.RunAt(0, 15).Should().Be(new KvRun(12, 9));
        head.RunAt(4, 15).Should().Be(new KvRun(16, 5));
        head.RunAt(4, 6).Should().Be(new KvRun(16, 2));
        head.RunAt(9, 15).Should().Be(new KvRun(6, 3));
        head.RunAt(13, 14).Should().Be(new KvRun(4, 1));
    }

    [Fact]
    public void Blocks_that_are_missing_or_outside_are_refused()
    {
        var shape = new AttentionShape(HeadDim: 4, Heads: 1, Begin: 0, End: 5);
        Half[] cache = Halves(1, 3 * 2 * 4);
        Attend([2, 0]).Should().Throw<ArgumentException>("a third block is needed");
        Attend([2, 0, 3]).Should().Throw<ArgumentException>("there are three blocks");
        Attend([2, -1, 0]).Should().Throw<ArgumentException>();
        Attend([2, 0, 1]).Should().NotThrow();

        Action Attend(int[] table) => () =>
            Attention.Attend(new float[4], new KvHead(cache, cache, table, 2), shape, new float[5], new float[4]);
    }

    [Fact]
    public void Mixing_has_the_same_bits_on_every_instruction_set()
    {
        foreach (int headDim in new[] { 1, 15, 16, 32, 64, 80, 131 })
        {
            Half[] values = Halves(headDim, 50 * headDim);
            float[] weights = Samples.Floats(1, 50);
            float[] wide = new float[headDim], middle = new float[headDim], narrow = new float[headDim];
            Attention.Mix<Lanes512>(weights, values, wide);
            Attention.Mix<Lanes256>(weights, values, middle);
            Attention.Mix<Lanes128>(weights, values, narrow);
            middle.Should().Equal(wide);
            narrow.Should().Equal(wide);
        }
    }

    [Fact]
    public void Positions_outside_the_window_do_not_matter()
    {
        var shape = new AttentionShape(HeadDim: 16, Heads: 1, Begin: 4, End: 9);
        Half[] keys = Halves(1, 12 * 16);
        Half[] values = Halves(2, 12 * 16);
        float[] q = Samples.Floats(3, 16);
        float[] y = new float[16];
        Attention.Attend(q, KvHead.Contiguous(keys, values), shape, new float[5], y);
        Array.Fill(keys, (Half)9f, 0, 4 * 16);
        Array.Fill(values, (Half)9f, 9 * 16, 3 * 16);
        float[] again = new float[16];
        Attention.Attend(q, KvHead.Contiguous(keys, values), shape, new float[5], again);
        again.Should().Equal(y);
    }

    [Fact]
    public void Store_rounds_to_nearest_and_clamps_to_the_largest_finite_value()
    {
        float[] x = [.. Samples.Floats(1, 300, 100f), 1e6f, -1e6f, 65504f, float.PositiveInfinity, float.NegativeInfinity, -0f];
        Half[] stored = new Half[x.Length];
        Attention.Store(x, stored);
        stored[..300].Should().Equal(x[..300].Select(value => (Half)value));
        stored[300..305].Should().Equal(Half.MaxValue, Half.MinValue, Half.MaxValue, Half.MaxValue, Half.MinValue);
    }

    [Fact]
    public void Wrong_lengths_are_refused_and_nothing_is_allocated()
    {
        var shape = new AttentionShape(HeadDim: 16, Heads: 2, Begin: 0, End: 9);
        Half[] cache = Halves(1, 9 * 16);
        float[] q = Samples.Floats(3, 32);
        float[] y = new float[32];
        float[] scores = new float[18];
        Attend(shape with { Begin = 9 }).Should().Throw<ArgumentException>();
        Attend(shape with { End = 10 }).Should().Throw<ArgumentException>();
        Attend(shape with { Heads = 3 }).Should().Throw<ArgumentException>();
        Attend(shape with { HeadDim = 8 }).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Attention.Attend(q, KvHead.Contiguous(cache, cache), shape, scores.AsSpan(1), y))
            .Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Attention.Store(q, cache)).Should().Throw<ArgumentException>();
        Allocations.BytesOf(() =>
        {
            Attention.Attend(q, KvHead.Contiguous(cache, cache), shape, scores, y);
            Attention.Store(y, cache.AsSpan(0, 32));
        }).Should().Be(0);

        Action Attend(AttentionShape wrong) => () => Attention.Attend(q, KvHead.Contiguous(cache, cache), wrong, scores, y);
    }

    /// <summary>Contiguous keys and values, put into blocks that lie in random order; every row that is not theirs is noise.</summary>
    private sealed record Blocks(Half[] Keys, Half[] Values, int[] Table, int BlockPositions)
    {
        public KvHead Head => new(Keys, Values, Table, BlockPositions);

        public static Blocks Of(Half[] keys, Half[] values, int headDim, int blockPositions, Random random)
        {
            int positions = keys.Length / headDim, count = ((positions + blockPositions - 1) / blockPositions) + random.Next(3);
            int[] table = [.. Enumerable.Range(0, count)];
            if (random.Next(4) > 0)
                random.Shuffle(table);
            int elements = count * blockPositions * headDim;
            Blocks blocks = new(Halves(count, elements), Halves(count + 1, elements), table, blockPositions);
            for (int p = 0; p < positions; p++)
            {
                int row = (table[p / blockPositions] * blockPositions) + (p % blockPositions);
                keys.AsSpan(p * headDim, headDim).CopyTo(blocks.Keys.AsSpan(row * headDim));
                values.AsSpan(p * headDim, headDim).CopyTo(blocks.Values.AsSpan(row * headDim));
            }
            return blocks;
        }
    }

    private static Half[] Halves(int seed, int count) => Samples.Floats(seed, count).Select(value => (Half)value).ToArray();
}
