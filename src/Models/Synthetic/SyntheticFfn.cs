using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Placement.Synthetic;
using Neuralink.Placement.Traces;

namespace Neuralink.Models.Synthetic;

/// <summary>
/// FFNs whose neurons fire as often as they are meant to. A neuron's deciding row is the sum of its clusters' directions, each as long as
/// the probability wants it with which the cluster fires the neuron, and of noise; its threshold, along the constant direction or as a
/// bias, is the quantile of what the row gives for the sample tokens that calibrate.
/// </summary>
internal sealed class SyntheticFfn(SyntheticShape shape, NormalRows normals, Directions directions, MatrixWriter writer)
{
    // All layers together add a stream of this size to the residual one, each in directions of its own.
    private const float OutputSize = 0.5f;

    // The noise of a row would have variance 1 but for what of x lies along the constant direction.
    private const float NoiseSize = 1.1f;

    private const double ProbabilityMin = 1e-4;

    private readonly ModelConfig _config = shape.Config;

    /// <summary>Writes a layer's FFN.</summary>
    /// <param name="layer">Which layer.</param>
    /// <param name="neurons">How its neurons fire.</param>
    /// <param name="x">[tokens, d], normalised.</param>
    /// <param name="calibrating">The first tokens of x, which set the thresholds.</param>
    /// <param name="residualSize">Root mean square of the residual stream.</param>
    /// <returns>What the FFN adds to the stream, [tokens, d], and which neurons fired at the other tokens.</returns>
    public (float[] Output, ActivationMatrix Active) Write(
        int layer, SyntheticNeuron[] neurons, float[] x, int calibrating, float residualSize)
    {
        LayerModules m = TensorNames.Layer(_config, layer);
        int hidden = _config.HiddenSize, count = neurons.Length;
        float[] gates = new float[x.Length / hidden * count];
        float[] biases = new float[count];
        DecidingRows rows = new(layer, neurons, x, calibrating, gates, biases, this);
        writer.Write($"{m.Deciding}.weight", count, hidden, rows.Fill, []);
        if (_config.FfnBias)
            writer.Write($"{m.Deciding}.bias", biases);
        ActivationMatrix active = ActiveOf(gates.AsSpan(calibrating * count), count);
        if (m.Gate is not null)
        {
            float unit = 1 / MathF.Sqrt(hidden);
            float[] up = writer.Write(
                $"{m.Up}.weight", count, hidden, (begin, to) => FillScaled(WeightPart.Up, layer, begin, to, hidden, unit), x);
            if (_config.Activation == ActivationKind.DRelu)
                TensorPrimitives.Max(up, 0, up);
            TensorPrimitives.Multiply(gates, up, gates);
        }
        float squares = TensorPrimitives.SumOfSquares<float>(gates) / (gates.Length / count);
        float size = OutputSize / MathF.Sqrt(_config.LayerCount) * residualSize / MathF.Sqrt(squares);
        float[] output = writer.Write(
            $"{m.Down}.weight", hidden, count, (begin, to) => FillScaled(WeightPart.Down, layer, begin, to, count, size), gates);
        if (_config.FfnBias)
            writer.Write($"{m.Down}.bias", new float[hidden]);
        return (output, active);
    }

    private static ActivationMatrix ActiveOf(ReadOnlySpan<float> gates, int count)
    {
        int rowWords = ActivationMatrix.WordsPerTokenOf(count);
        ulong[] words = new ulong[gates.Length / count * rowWords];
        for (int i = 0; i < gates.Length; i++)
        {
            if (gates[i] != 0)
                words[(i / count * rowWords) + (i % count / 64)] |= 1UL << (i % count % 64);
        }
        return new ActivationMatrix(count, words);
    }

    private void FillScaled(WeightPart part, int layer, int begin, Span<float> rows, int columns, float scale)
    {
        for (int at = 0, row = begin; at < rows.Length; at += columns, row++)
            TensorPrimitives.Multiply(normals.Row(part, layer, row, columns), scale, rows.Slice(at, columns));
    }

    /// <summary>The rows that decide activity, and what they decide for the sample.</summary>
    private sealed class DecidingRows
    {
        private readonly SyntheticFfn _ffn;
        private readonly int _layer;
        private readonly SyntheticNeuron[] _neurons;
        private readonly float[] _x;
        private readonly int _calibrating;
        private readonly float[] _gates;        // [tokens, neurons]
        private readonly float[] _biases;
        private readonly float[] _constant;     // [tokens]: what a threshold of 1 takes from a neuron's value
        private readonly float _clusterUnit;    // of x along the direction of an active cluster

        public DecidingRows(
            int layer, SyntheticNeuron[] neurons, float[] x, int calibrating, float[] gates, float[] biases, SyntheticFfn ffn)
        {
            (_ffn, _layer, _neurons, _x, _calibrating, _gates, _biases) = (ffn, layer, neurons, x, calibrating, gates, biases);
            int hidden = ffn._config.HiddenSize;
            _constant = new float[x.Length / hidden];
            Array.Fill(_constant, 1);
            for (int t = 0; !ffn._config.FfnBias && t < _constant.Length; t++)
                _constant[t] = TensorPrimitives.Dot(x.AsSpan(t * hidden, hidden), ffn.Direction);
            float size = MathF.Sqrt((SyntheticEmbedding.ConstantSize * SyntheticEmbedding.ConstantSize) + 0.9f);
            _clusterUnit = SyntheticEmbedding.ClusterSize / size * MathF.Sqrt(hidden);
        }

        public void Fill(int begin, Span<float> rows)
        {
            int hidden = _ffn._config.HiddenSize, count = rows.Length / hidden, tokens = _constant.Length;
            for (int n = 0; n < count; n++)
                FillRow(begin + n, rows.Slice(n * hidden, hidden));
            float[] values = new float[tokens * count];
            MatrixWriter.Multiply(
                MemoryMarshal.AsBytes(rows), _x, values, new MatMulShape(count, hidden, 0, 0, count), WeightKernels.For(WeightFormat.F32));
            float silent = _ffn._config.ActivationThreshold;
            Activation activation = _ffn._config.ActivationOf(_layer);
            float[] heights = new float[_calibrating];
            for (int n = 0; n < count; n++)
            {
                for (int t = 0; t < heights.Length; t++)
                    heights[t] = (values[(t * count) + n] - silent) / _constant[t];
                float threshold = Threshold(heights, _neurons[begin + n].Frequency);
                if (_ffn._config.FfnBias)
                    _biases[begin + n] = -threshold;
                else
                {
                    TensorPrimitives.MultiplyAdd(
                        _ffn.Direction, -threshold, rows.Slice(n * hidden, hidden), rows.Slice(n * hidden, hidden));
                }
                for (int t = 0; t < tokens; t++)
                {
                    float gate = values[(t * count) + n] - (threshold * _constant[t]);
                    _gates[(t * _neurons.Length) + begin + n] = activation.IsActive(gate) ? activation.Value(gate) : 0;
                }
            }
        }

        private void FillRow(int id, Span<float> row)
        {
            SyntheticNeuron neuron = _neurons[id];
            int hidden = row.Length;
            TensorPrimitives.Multiply(_ffn.Normals.Row(WeightPart.Neuron, _layer, id, hidden), NoiseSize / MathF.Sqrt(hidden), row);
            float alone = NormalQuantile.Of(1 - Math.Max(neuron.Alone, ProbabilityMin));
            foreach (ClusterMembership c in neuron.Clusters)
            {
                // With the noise alone, the neuron fires with probability Alone; lifted by this much, with the cluster's.
                float lift = Math.Max(alone + NormalQuantile.Of(Math.Max(c.Probability, ProbabilityMin)), 0);
                TensorPrimitives.MultiplyAdd(_ffn.DirectionOf(c.Cluster), lift / _clusterUnit, row, row);
            }
        }

        // The height that this share of tokens like these exceeds: an order statistic, or beyond the highest
        // the normal distribution's tail.
        private static float Threshold(Span<float> heights, double frequency)
        {
            heights.Sort((a, b) => b.CompareTo(a));
            double rank = frequency * (heights.Length + 1);
            if (rank < 1)
            {
                float deviation = TensorPrimitives.StdDev<float>(heights);
                return heights[0] + (float)(deviation / Math.Sqrt(2 * Math.Log(heights.Length)) * -Math.Log(rank));
            }
            int above = Math.Min((int)rank, heights.Length - 1);
            return float.Lerp(heights[above - 1], heights[above], (float)Math.Min(rank - above, 1));
        }
    }

    private float[] Direction => directions.Constant;

    private NormalRows Normals => normals;

    private float[] DirectionOf(int cluster) => directions.Clusters[cluster];
}

/// <summary>The normal distribution's quantiles.</summary>
internal static class NormalQuantile
{
    /// <summary>x with P(X &lt; x) = <paramref name="p"/>, within 4.5e-4 (Abramowitz and Stegun 1964, 26.2.23).</summary>
    public static float Of(double p)
    {
        double t = Math.Sqrt(-2 * Math.Log(Math.Min(p, 1 - p)));
        double x = t
            - ((2.515517 + (0.802853 * t) + (0.010328 * t * t)) / (1 + (1.432788 * t) + (0.189269 * t * t) + (0.001308 * t * t * t)));
        return (float)(p < 0.5 ? -x : x);
    }
}
