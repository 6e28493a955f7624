using System.Numerics.Tensors;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Synthetic;

/// <summary>
/// Attention that mixes what earlier tokens are about into the stream. Queries and keys are one random projection, so tokens look at those
/// that resemble them; the output projection is the transpose of the values', so what comes out is what went in, averaged, and some noise.
/// The constant direction is left alone.
/// </summary>
internal sealed class SyntheticAttention(
    ModelConfig config, NormalRows normals, Directions directions, MatrixWriter writer, int windowTokens)
{
    // All layers together add this much of the mixture to the stream.
    private const float MixSize = 0.6f;

    // A token's score with itself is a few units, as in a trained model's flatter heads.
    private const float ScoreSize = 0.3f;

    /// <summary>Writes a layer's attention and returns what it adds to the stream, [tokens, d], for normalised x.</summary>
    public float[] Write(int layer, float[] x)
    {
        LayerModules m = TensorNames.Layer(config, layer);
        int size = config.HeadSize, hidden = config.HiddenSize, queryWidth = config.HeadCount * size, kvWidth = config.KvHeadCount * size;
        int group = config.HeadCount / config.KvHeadCount;
        float[] values = new float[kvWidth * hidden];

        float[] q = Project(m.Query, queryWidth, (begin, rows) => FillKeys(layer, begin, rows, head => head / group));
        float[] k = Project(m.Key, kvWidth, (begin, rows) => FillKeys(layer, begin, rows, head => head));
        float[] v = Project(m.Value, kvWidth, (begin, rows) =>
        {
            FillRows(WeightPart.Value, layer, begin, rows, 1);
            rows.CopyTo(values.AsSpan(begin * hidden));
        });
        float[] attended = Attend(q, k, v);
        float scale = MixSize / config.LayerCount * hidden / kvWidth / group;
        float[] output = writer.Write($"{m.AttentionOutput}.weight", hidden, queryWidth, FillOutput, attended);
        if (config.AttentionOutputBias)
            writer.Write($"{m.AttentionOutput}.bias", new float[hidden]);
        return output;

        float[] Project(string module, int rows, MatrixWriter.Fill fill)
        {
            float[] y = writer.Write($"{module}.weight", rows, hidden, fill, x);
            if (config.AttentionBias)
                writer.Write($"{module}.bias", new float[rows]);
            return y;
        }

        void FillOutput(int begin, Span<float> rows)
        {
            int count = rows.Length / queryWidth;
            for (int column = 0; column < queryWidth; column++)
            {
                int value = (column / size / group * size) + (column % size);
                ReadOnlySpan<float> from = values.AsSpan((value * hidden) + begin, count);
                for (int row = 0; row < count; row++)
                    rows[(row * queryWidth) + column] = scale * from[row];
            }
        }
    }

    private void FillKeys(int layer, int begin, Span<float> rows, Func<int, int> keyHead)
    {
        int hidden = config.HiddenSize, size = config.HeadSize;
        for (int at = 0, row = begin; at < rows.Length; at += hidden, row++)
            FillRows(WeightPart.Key, layer, (keyHead(row / size) * size) + (row % size), rows.Slice(at, hidden), MathF.Sqrt(ScoreSize));
    }

    private void FillRows(WeightPart part, int layer, int begin, Span<float> rows, float size)
    {
        int hidden = config.HiddenSize;
        for (int at = 0, row = begin; at < rows.Length; at += hidden, row++)
        {
            Span<float> to = rows.Slice(at, hidden);
            TensorPrimitives.Multiply(normals.Row(part, layer, row, hidden), size / MathF.Sqrt(hidden), to);
            Directions.Remove(directions.Constant, to);
        }
    }

    // [tokens, H * s]; every window by itself.
    private float[] Attend(float[] q, float[] k, float[] v)
    {
        int size = config.HeadSize, group = config.HeadCount / config.KvHeadCount, queryWidth = config.HeadCount * size,
            kvWidth = config.KvHeadCount * size;
        int windows = k.Length / kvWidth / windowTokens;
        if (config.Positions == PositionKind.Rotary)
        {
            Rotate(q, queryWidth);
            Rotate(k, kvWidth);
        }
        float[] output = new float[q.Length];
        Parallel.For(0, windows * config.KvHeadCount, item =>
        {
            int head = item % config.KvHeadCount, first = item / config.KvHeadCount * windowTokens;
            Half[] keys = new Half[windowTokens * size], values = new Half[keys.Length];
            float[] scores = new float[group * windowTokens];
            for (int t = 0; t < windowTokens; t++)
            {
                int from = ((first + t) * kvWidth) + (head * size), at = ((first + t) * queryWidth) + (head * group * size);
                Attention.Store(k.AsSpan(from, size), keys.AsSpan(t * size, size));
                Attention.Store(v.AsSpan(from, size), values.AsSpan(t * size, size));
                Attention.Attend(
                    q.AsSpan(at, group * size), KvHead.Contiguous(keys, values), new AttentionShape(size, group, 0, t + 1), scores,
                    output.AsSpan(at, group * size));
            }
        });
        return output;
    }

    private void Rotate(float[] rows, int width)
    {
        RotaryFrequencies frequencies = RotaryFrequencies.Of(config, windowTokens);
        float[] cos = new float[frequencies.Inverse.Length], sin = new float[cos.Length];
        for (int t = 0; t < rows.Length / width; t++)
        {
            Rope.FillTable(frequencies.Inverse, t % windowTokens, frequencies.Amplitude, cos, sin);
            Rope.Apply(rows.AsSpan(t * width, width), config.HeadSize, cos, sin);
        }
    }
}
