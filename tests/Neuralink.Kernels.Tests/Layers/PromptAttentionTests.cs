namespace Neuralink.Kernels.Tests;

public class PromptAttentionTests
{
    private static readonly (int First, int Rows, int Window)[] s_rows =
    [
        (0, 1, int.MaxValue), (0, 48, int.MaxValue), (3, 13, int.MaxValue), (150, 29, int.MaxValue), (90, 31, 40), (10, 48, 7), (0, 20, 1),
    ];

    [Fact]
    public void Rows_of_a_prompt_have_the_bits_of_each_row_alone()
    {
        Random random = new(3);
        foreach (int headDim in new[] { 8, 20, 48, 64, 96, 128, 130 })
        {
            foreach ((int first, int rows, int window) in s_rows)
            {
                int end = first + rows;
                Half[] keys = Halves(random, end * headDim), values = Halves(random, end * headDim);
                var shape = new PromptShape(headDim, rows, first, window, QueryStride: headDim + 3, OutputStride: headDim + 5);
                float[] q = Samples.Floats(rows, rows * shape.QueryStride, 2f), y = Samples.Floats(1, rows * shape.OutputStride);
                float[] expected = [.. y], scores = new float[rows * shape.Positions];
                for (int r = 0; r < rows; r++)
                {
                    int last = first + r + 1, begin = window > last ? 0 : last - window;
                    Attention.Attend(
                        q.AsSpan(r * shape.QueryStride, headDim), KvHead.Contiguous(keys, values),
                        new AttentionShape(headDim, 1, begin, last), new float[last], expected.AsSpan(r * shape.OutputStride, headDim));
                }

                PromptAttention.Attend(q, Scattered(keys, values, headDim, end), shape, scores, y);

                y.AsSpan().SequenceEqual(expected).Should().BeTrue($"{shape}");
            }
        }
    }

    [Fact]
    public void They_have_the_same_bits_on_every_instruction_set()
    {
        const int HeadDim = 72, Rows = 25, First = 60;
        Random random = new(4);
        Half[] keys = Halves(random, (First + Rows) * HeadDim), values = Halves(random, (First + Rows) * HeadDim);
        var shape = new PromptShape(HeadDim, Rows, First, 50, HeadDim, HeadDim);
        float[] q = Samples.Floats(1, Rows * HeadDim), scores = new float[Rows * shape.Positions];
        float[] y512 = new float[Rows * HeadDim], y256 = new float[Rows * HeadDim], y128 = new float[Rows * HeadDim];

        PromptAttention.Attend<Lanes256, LanePart512>(q, KvHead.Contiguous(keys, values), shape, scores, y512);
        PromptAttention.Attend<Lanes256, LanePart256>(q, KvHead.Contiguous(keys, values), shape, scores, y256);
        PromptAttention.Attend<Lanes128, LanePart128>(q, KvHead.Contiguous(keys, values), shape, scores, y128);

        y256.Should().Equal(y128).And.Equal(y512);
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        var shape = new PromptShape(4, 12, 0, int.MaxValue, 4, 4);
        Half[] cache = new Half[12 * 4];
        Attend(48, 144, 48).Should().NotThrow();
        Attend(47, 144, 48).Should().Throw<ArgumentException>();
        Attend(48, 143, 48).Should().Throw<ArgumentException>();
        Attend(48, 144, 47).Should().Throw<ArgumentException>();

        Action Attend(int q, int scores, int y)
            => () => PromptAttention.Attend(new float[q], KvHead.Contiguous(cache, cache), shape, new float[scores], new float[y]);
    }

    /// <summary>The same keys and values in blocks of five positions, the last block first.</summary>
    private static KvHead Scattered(Half[] keys, Half[] values, int headDim, int end)
    {
        const int Positions = 5;
        int blocks = (end + Positions - 1) / Positions;
        int[] table = [.. Enumerable.Range(0, blocks).Reverse()];
        return new KvHead(Moved(keys), Moved(values), table, Positions);

        Half[] Moved(Half[] all)
        {
            Half[] moved = new Half[blocks * Positions * headDim];
            for (int p = 0; p < end; p++)
                Array.Copy(all, p * headDim, moved, ((table[p / Positions] * Positions) + (p % Positions)) * headDim, headDim);
            return moved;
        }
    }

    private static Half[] Halves(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (Half)((random.NextDouble() * 2) - 1))];
}
