using Neuralink.Kernels;
using Neuralink.Models.Training;
using Neuralink.Placement;
using Neuralink.Placement.Synthetic;

namespace Neuralink.Models.Tests.Training;

/// <summary>A step of training against the formulas written out, at sizes that are no multiple of a vector, a panel or a batch.</summary>
public sealed class LowRankNetTests
{
    private const int Tokens = 37, Rank = 5;
    private const float PositiveWeight = 3;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Two_steps_are_the_formulas_whatever_the_threads(int threads)
    {
        LayerSamples samples = SyntheticSamples.Create(Tokens);
        int[] tokens = [.. Enumerable.Range(0, Tokens)];
        using WorkerPool pool = new(threads);
        LowRankNet net = new(pool, SyntheticSamples.Inputs, SyntheticSamples.Neurons, Rank, batchMax: 40);
        SplitMix64 random = new(1);
        net.Initialise(ref random, samples.InputScale(tokens), samples.Frequencies(tokens), Tokens, PositiveWeight);
        Naive naive = new(net.Weights(), samples);
        for (int step = 1; step <= 2; step++)
        {
            AdamW adam = new(0.05f, 0, step);
            net.Step(samples, tokens, PositiveWeight, adam, adam);
            naive.Step(step);
        }
        LowRankWeights after = net.Weights();
        Close(after.Fc1, naive.Fc1);
        Close(after.Fc2, naive.Fc2);
        Close(after.Bias, naive.Bias);
    }

    [Fact]
    public void Logits_are_the_formula()
    {
        LayerSamples samples = SyntheticSamples.Create(Tokens);
        int[] tokens = [3, 30, 7];
        using WorkerPool pool = new(2);
        LowRankNet net = new(pool, SyntheticSamples.Inputs, SyntheticSamples.Neurons, Rank, batchMax: 3);
        SplitMix64 random = new(2);
        net.Initialise(ref random, 1, samples.Frequencies(tokens), 3, 1);
        net.RoundToHalf();
        Naive naive = new(net.Weights(), samples);
        float[,] found = new float[3, 192];
        net.Evaluate(samples, tokens, (_, first, logits) =>
        {
            for (int i = 0; i < logits.Length; i++)
                found[i / 64, first + (i % 64)] = logits.Span[i];
        });
        for (int b = 0; b < 3; b++)
        {
            double[] logits = naive.Logits(tokens[b]).Logits;
            for (int n = 0; n < SyntheticSamples.Neurons; n++)
                found[b, n].Should().BeApproximately((float)logits[n], 1e-3f);
        }
    }

    // AdamW's first steps are of the rate's size whatever the gradient's, so that a gradient of the wrong sign
    // shows; tiny ones may differ in it.
    private static void Close(Half[] found, double[] expected)
    {
        int apart = 0;
        for (int i = 0; i < expected.Length; i++)
            apart += Math.Abs((double)found[i] - expected[i]) > 0.004 + (0.002 * Math.Abs(expected[i])) ? 1 : 0;
        apart.Should().BeLessThanOrEqualTo(expected.Length / 100);
    }

    private sealed class Naive(LowRankWeights weights, LayerSamples samples)
    {
        private readonly Dictionary<double[], (double[] Mean, double[] Square)> _moments = [];

        public double[] Fc1 { get; } = [.. weights.Fc1.Select(w => (double)w)];

        public double[] Fc2 { get; } = [.. weights.Fc2.Select(w => (double)w)];

        public double[] Bias { get; } = [.. weights.Bias.Select(w => (double)w)];

        public (float[] X, double[] H, double[] Logits) Logits(int token)
        {
            float[] x = new float[samples.InputSize];
            samples.Gather([token], x);
            double[] h = new double[Rank], logits = [.. Bias];
            for (int k = 0; k < Rank; k++)
                h[k] = Math.Max(0, x.Select((value, i) => value * Fc1[(k * x.Length) + i]).Sum());
            for (int n = 0; n < logits.Length; n++)
                logits[n] += h.Select((value, k) => value * Fc2[(n * Rank) + k]).Sum();
            return (x, h, logits);
        }

        public void Step(int step)
        {
            double[] g1 = new double[Fc1.Length], g2 = new double[Fc2.Length], gb = new double[Bias.Length];
            for (int token = 0; token < Tokens; token++)
            {
                (float[] x, double[] h, double[] logits) = Logits(token);
                double[] dh = new double[Rank];
                for (int n = 0; n < logits.Length; n++)
                {
                    double p = 1 / (1 + Math.Exp(-logits[n]));
                    double g = (samples.Active.IsActive(token, new NeuronId(n)) ? PositiveWeight * (p - 1) : p) / Tokens;
                    gb[n] += g;
                    for (int k = 0; k < Rank; k++)
                    {
                        g2[(n * Rank) + k] += g * h[k];
                        dh[k] += g * Fc2[(n * Rank) + k];
                    }
                }
                for (int k = 0; k < Rank; k++)
                {
                    for (int i = 0; i < x.Length && h[k] > 0; i++)
                        g1[(k * x.Length) + i] += dh[k] * x[i];
                }
            }
            Adam(Fc1, g1, step);
            Adam(Fc2, g2, step);
            Adam(Bias, gb, step);
        }

        private void Adam(double[] w, double[] g, int step)
        {
            if (!_moments.TryGetValue(w, out (double[] Mean, double[] Square) moments))
                _moments[w] = moments = (new double[w.Length], new double[w.Length]);
            for (int i = 0; i < w.Length; i++)
            {
                moments.Mean[i] = (0.9 * moments.Mean[i]) + (0.1 * g[i]);
                moments.Square[i] = (0.999 * moments.Square[i]) + (0.001 * g[i] * g[i]);
                double mean = moments.Mean[i] / (1 - Math.Pow(0.9, step)), square = moments.Square[i] / (1 - Math.Pow(0.999, step));
                w[i] -= 0.05 * mean / (Math.Sqrt(square) + 1e-8);
            }
        }
    }
}
