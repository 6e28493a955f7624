namespace Neuralink.Tests.Support;

/// <summary>The operations of a forward pass in double precision, as their papers write them. Vectors are rows.</summary>
internal static class Formulas
{
    /// <summary>W x + b, W being [rows, x.Length].</summary>
    public static double[] Product(double[] w, double[] x, double[]? b = null)
    {
        double[] y = new double[w.Length / x.Length];
        for (int r = 0; r < y.Length; r++)
        {
            double sum = b is null ? 0 : b[r];
            for (int c = 0; c < x.Length; c++)
                sum += w[(r * x.Length) + c] * x[c];
            y[r] = sum;
        }
        return y;
    }

    public static double[] RmsNorm(double[] x, double[] weight, double epsilon)
    {
        double root = Math.Sqrt((x.Sum(v => v * v) / x.Length) + epsilon);
        return [.. x.Select((v, i) => v / root * weight[i])];
    }

    public static double[] LayerNorm(double[] x, double[] weight, double[] bias, double epsilon, double added = 0)
    {
        double mean = x.Average(), variance = x.Average(v => (v - mean) * (v - mean));
        return [.. x.Select((v, i) => ((v - mean) / Math.Sqrt(variance + epsilon) * (weight[i] + added)) + bias[i])];
    }

    public static double[] Add(double[] a, double[] b, double scale = 1) => [.. a.Zip(b, (x, y) => x + (scale * y))];

    /// <summary>
    /// The first 2 * frequencies.Length elements of a head, seen as complex numbers x[i] + j x[i + half], times e^(j position frequency).
    /// </summary>
    public static double[] Rotate(double[] head, int position, double[] frequencies, double amplitude = 1)
    {
        double[] turned = [.. head];
        int half = frequencies.Length;
        for (int i = 0; i < half; i++)
        {
            System.Numerics.Complex z = new(head[i], head[i + half]);
            z *= System.Numerics.Complex.FromPolarCoordinates(amplitude, position * frequencies[i]);
            (turned[i], turned[i + half]) = (z.Real, z.Imaginary);
        }
        return turned;
    }

    /// <summary>theta^(-2i/width).</summary>
    public static double[] Frequencies(int width, double theta = 10000) =>
        [.. Enumerable.Range(0, width / 2).Select(i => Math.Pow(theta, -2.0 * i / width))];

    /// <summary>softmax(q k / sqrt(s)) v.</summary>
    public static double[] Attend(double[] q, IReadOnlyList<double[]> keys, IReadOnlyList<double[]> values)
    {
        double[] scores = [.. keys.Select(k => q.Zip(k, (a, b) => a * b).Sum() / Math.Sqrt(q.Length))];
        double max = scores.Max(), sum = scores.Sum(s => Math.Exp(s - max));
        double[] output = new double[q.Length];
        for (int p = 0; p < scores.Length; p++)
            output = Add(output, values[p], Math.Exp(scores[p] - max) / sum);
        return output;
    }

    public static double Relu(double x) => Math.Max(x, 0);

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    public static double GeluNew(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * Math.Pow(x, 3)))));

    /// <summary>What the engine's KV cache keeps of a key or a value.</summary>
    public static double[] Stored(double[] x) => [.. x.Select(v => (double)(Half)v)];

    public static double[][] Heads(double[] x, int size) => [.. x.Chunk(size)];
}
