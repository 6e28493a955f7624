using Neuralink.Kernels;

namespace Neuralink.Models.Training.Decomposition;

/// <summary>What the true gates of a layer (without gates: its up values) are at some tokens: how they scatter, and how strongly each
/// neuron fires.</summary>
internal sealed class GateStatistics
{
    private const int PanelNeurons = MatrixProduct.PanelColumns;

    private readonly float[][] _strengths;     // [f][times it fires], by ascending token
    private readonly LayerSamples _samples;
    private readonly int[] _tokens;

    private GateStatistics(LayerSamples samples, int[] tokens)
    {
        (_samples, _tokens) = (samples, tokens);
        _strengths = new float[samples.Active.NeuronCount][];
        Variances = new double[_strengths.Length];
    }

    /// <summary>Of each neuron's gate.</summary>
    public double[] Variances { get; }

    /// <summary>Multiplies the matrix with the inputs of <paramref name="tokens"/>, a panel of neurons at a time.</summary>
    public static GateStatistics Of(
        WorkerPool pool, LayerSamples samples, int[] tokens, DecidingMatrix matrix, CancellationToken cancellation)
    {
        GateStatistics statistics = new(samples, tokens);
        int d = samples.InputSize, panels = (samples.Active.NeuronCount + PanelNeurons - 1) / PanelNeurons;
        float[] x = new float[tokens.Length * d];
        samples.Gather(tokens, x);
        pool.Run(
            new LoopBody((begin, end) =>
            {
                float[] columns = new float[d * PanelNeurons], gates = new float[tokens.Length * PanelNeurons];
                for (int panel = begin; panel < end && !cancellation.IsCancellationRequested; panel++)
                {
                    int first = panel * PanelNeurons, count = Math.Min(PanelNeurons, samples.Active.NeuronCount - first);
                    Array.Clear(columns);
                    for (int n = 0; n < count; n++)
                    {
                        for (int i = 0; i < d; i++)
                            columns[(i * PanelNeurons) + n] = matrix.Weights[((first + n) * d) + i];
                    }
                    MatrixProduct.Multiply(
                        x, columns, gates, new ProductShape(tokens.Length, PanelNeurons, d, d, 1, PanelNeurons, PanelNeurons), add: false);
                    for (int n = 0; n < count; n++)
                        statistics.Take(first + n, gates.AsSpan(n), matrix);
                }
            }),
            panels, grain: 1);
        cancellation.ThrowIfCancellationRequested();
        return statistics;
    }

    /// <summary>By token how strongly a neuron fires: above zero where it does, else zero.</summary>
    public void Importance(int neuron, Span<float> importance)
    {
        int next = 0;
        for (int i = 0; i < _tokens.Length; i++)
            importance[i] = IsActive(neuron, i) ? _strengths[neuron][next++] : 0;
    }

    /// <param name="neuron">The neuron.</param>
    /// <param name="gates">Its own are <see cref="PanelNeurons"/> apart; without the bias.</param>
    /// <param name="matrix">Has the bias.</param>
    private void Take(int neuron, ReadOnlySpan<float> gates, DecidingMatrix matrix)
    {
        double sum = 0, squares = 0;
        List<float> strengths = [];
        for (int i = 0; i < _tokens.Length; i++)
        {
            float gate = gates[i * PanelNeurons];
            sum += gate;
            squares += (double)gate * gate;
            // The inputs are in f16, so a gate close to the threshold may be on its other side here: the trace is right.
            if (IsActive(neuron, i))
                strengths.Add(Math.Max(matrix.Activation.Value(Math.Max(0, gate + matrix.Bias[neuron])), float.Epsilon));
        }
        _strengths[neuron] = [.. strengths];
        double mean = sum / _tokens.Length;
        Variances[neuron] = Math.Max(0, (squares / _tokens.Length) - (mean * mean));
    }

    private bool IsActive(int neuron, int i) => (_samples.Active.Token(_tokens[i])[neuron / 64] >> (neuron % 64) & 1) != 0;
}
