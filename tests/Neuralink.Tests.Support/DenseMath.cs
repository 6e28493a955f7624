using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Tests.Support;

/// <summary>The operations of the dense reference on plain arrays, [rows, width] each.</summary>
internal sealed class DenseMath(WorkerPool pool)
{
    private readonly Product _product = new();

    /// <summary>y = x W^T + b for every row of x.</summary>
    public float[] Apply(Linear linear, float[] x)
    {
        float[] y = new float[x.Length / linear.Weights.Columns * linear.Weights.Rows];
        _product.Linear = linear;
        _product.X = x;
        _product.Y = y;
        pool.Run(_product, linear.Weights.Rows, grain: 16);
        return y;
    }

    public static float[] Normalise(Norm norm, float[] x)
    {
        float[] y = new float[x.Length];
        norm.Apply(x, y);
        return y;
    }

    public static float[] Sum(float[] a, float[] b)
    {
        float[] y = new float[a.Length];
        for (int i = 0; i < y.Length; i++)
            y[i] = a[i] + b[i];
        return y;
    }

    /// <summary>Rotary position of every head of <paramref name="heads"/> [heads, s]; element i turns with element i + s/2.</summary>
    public void Rotate(ModelConfig config, Span<float> heads, int position)
    {
        int size = config.HeadSize, half = size / 2;
        RotaryFrequencies rotary = RotaryFrequencies.Of(config, config.ContextLength);
        float[] frequencies = rotary.Inverse;
        for (int at = 0; at < heads.Length; at += size)
        {
            for (int i = 0; i < half; i++)
            {
                float angle = position * frequencies[i];
                float cos = MathF.Cos(angle) * rotary.Amplitude, sin = MathF.Sin(angle) * rotary.Amplitude;
                float a = heads[at + i], b = heads[at + i + half];
                heads[at + i] = (a * cos) - (b * sin);
                heads[at + i + half] = (b * cos) + (a * sin);
            }
        }
    }

    /// <summary>softmax(q k / sqrt(s)) v over the positions from <paramref name="from"/> to the last.</summary>
    public static void AttendHead(ReadOnlySpan<float> q, List<float[]> keys, List<float[]> values, int from, int offset, Span<float> output)
    {
        float[] scores = new float[keys.Count - from];
        float max = float.NegativeInfinity, sum = 0;
        for (int p = 0; p < scores.Length; p++)
        {
            float dot = 0;
            for (int i = 0; i < q.Length; i++)
                dot += q[i] * keys[from + p][offset + i];
            scores[p] = dot / MathF.Sqrt(q.Length);
            max = Math.Max(max, scores[p]);
        }
        for (int p = 0; p < scores.Length; p++)
            sum += scores[p] = MathF.Exp(scores[p] - max);
        for (int p = 0; p < scores.Length; p++)
        {
            for (int i = 0; i < output.Length; i++)
                output[i] += scores[p] / sum * values[from + p][offset + i];
        }
    }

    private sealed class Product : IParallelBody
    {
        public Linear Linear { get; set; } = null!;

        public float[] X { get; set; } = [];

        public float[] Y { get; set; } = [];

        public void Execute(int begin, int end, int worker) => Linear.Multiply(X, Y, X.Length / Linear.Weights.Columns, begin, end);
    }
}
