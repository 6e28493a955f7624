using System.Numerics;
using System.Numerics.Tensors;
using Neuralink.Kernels;
using Neuralink.Placement.Synthetic;

namespace Neuralink.Models.Training;

/// <summary>
/// A low-rank predictor while it is trained: logits = fc2 relu(fc1 x) + bias, with fc1 [r, d] and fc2 [f, r]. Weights lie as the products
/// want them: fc1 transposed, [d, R], and fc2 in panels of 64 neurons, [panels][R, 64], where R is r rounded up to a whole vector; what is
/// beyond r stays zero, and beyond f is never used. A step goes forward and back panel by panel, so that fc2 passes through the cache once,
/// and no [tokens, f] is ever held:
/// <code>
/// H = relu(X fc1^T)                                   split by tokens
/// for each panel:  Z = H fc2^T + bias;  G = weight * (sigmoid(Z) - fires)
///                  dH += G fc2;  fc2 -= AdamW(G^T H)  split by groups of panels, dH summed over them in their order
/// fc1 -= AdamW((dH where H > 0)^T X)                  split by columns
/// </code>
/// Every split is by fixed pieces and every sum in a fixed order: the result does not depend on the number of threads.
/// </summary>
internal sealed class LowRankNet
{
    private const int PanelNeurons = MatrixProduct.PanelColumns;

    // As many groups as there may be threads that have work; each has a [B, R] of its own.
    private const int GroupsMax = 16;

    private const int TokenGrain = 16, ColumnGrain = 16;

    private readonly WorkerPool _pool;
    private readonly int _d;
    private readonly int _neurons;
    private readonly int _rank;                // r
    private readonly int _width;               // R
    private readonly int _batchMax;
    private readonly bool _isLinear;
    private readonly int _panels;
    private readonly int _groups;
    private readonly Parameters _fc1;          // [d, R]
    private readonly Parameters _fc2;          // [panels][R, 64]
    private readonly Parameters _bias;         // [panels, 64]
    private readonly float[] _x;               // [B, d]
    private readonly float[] _h;               // [B, R]
    private readonly float[] _dh;              // [groups][B, R]
    private readonly float[][] _panel;         // [groups][B, 64]: logits, then their gradient
    private readonly float[][] _gradient;      // [groups][R, 64]
    private readonly float[][] _transposed;    // [groups][64, R]
    private readonly float[] _gradient1;       // [d, R]

    /// <param name="pool">Shares the work.</param>
    /// <param name="d">Width of the input.</param>
    /// <param name="neurons">f.</param>
    /// <param name="rank">r.</param>
    /// <param name="batchMax">The most tokens of a step.</param>
    /// <param name="isLinear">Whether the logits are fc2 fc1 x + bias, without a relu: such a net is loaded, not trained.</param>
    public LowRankNet(WorkerPool pool, int d, int neurons, int rank, int batchMax, bool isLinear = false)
    {
        (_pool, _d, _neurons, _rank, _batchMax, _isLinear) = (pool, d, neurons, rank, batchMax, isLinear);
        _width = MatrixProduct.Padded(rank);
        _panels = (neurons + PanelNeurons - 1) / PanelNeurons;
        _groups = Math.Min(_panels, GroupsMax);
        _fc1 = new Parameters(d * _width);
        _fc2 = new Parameters(_panels * _width * PanelNeurons);
        _bias = new Parameters(_panels * PanelNeurons);
        _x = new float[batchMax * d];
        _h = new float[batchMax * _width];
        _dh = new float[isLinear ? 0 : _groups * batchMax * _width];
        _panel = Buffers(batchMax * PanelNeurons);
        _gradient = Buffers(_width * PanelNeurons);
        _transposed = Buffers(_width * PanelNeurons);
        _gradient1 = new float[d * _width];

        float[][] Buffers(int length) => [.. Enumerable.Range(0, _groups).Select(_ => new float[length])];
    }

    /// <summary>
    /// fc1 random, so that hidden values begin with variance 1; fc2 random and small; the bias such that every neuron
    /// begins with its own frequency.
    /// </summary>
    /// <param name="random">The numbers.</param>
    /// <param name="inputScale">Root mean square of the inputs.</param>
    /// <param name="frequencies">How often each neuron fires.</param>
    /// <param name="tokens">At how many tokens.</param>
    /// <param name="positiveWeight">Of the loss.</param>
    public void Initialise(ref SplitMix64 random, double inputScale, ReadOnlySpan<int> frequencies, int tokens, float positiveWeight)
    {
        double scale1 = 1 / (Math.Max(inputScale, 1e-6) * Math.Sqrt(_d)), scale2 = 0.5 / Math.Sqrt(_rank);
        for (int column = 0; column < _d; column++)
        {
            for (int k = 0; k < _rank; k++)
                _fc1.Weights[(column * _width) + k] = (float)(random.NextNormal() * scale1);
        }
        for (int n = 0; n < _neurons; n++)
        {
            for (int k = 0; k < _rank; k++)
                _fc2.Weights[At2(n, k)] = (float)(random.NextNormal() * scale2);
            // Half an activation and half a silence more, so that there is a logarithm.
            _bias.Weights[n] = (float)Math.Log(positiveWeight * (frequencies[n] + 0.5) / (tokens - frequencies[n] + 0.5));
        }
    }

    /// <summary>One step of AdamW on the mean loss of <paramref name="tokens"/>.</summary>
    /// <param name="samples">Where the tokens are of.</param>
    /// <param name="tokens">[B].</param>
    /// <param name="positiveWeight">What an active neuron counts.</param>
    /// <param name="weights">The step's factors for fc1 and fc2.</param>
    /// <param name="biases">The same for the bias.</param>
    public void Step(LayerSamples samples, ReadOnlyMemory<int> tokens, float positiveWeight, AdamW weights, AdamW biases)
    {
        Forward(samples, tokens);
        int batch = tokens.Length;
        Array.Clear(_dh, 0, _groups * batch * _width);
        _pool.Run(
            new LoopBody(group => StepGroup(group, samples, tokens.Span, positiveWeight / batch, 1f / batch, weights, biases)), _groups,
            grain: 1);
        _pool.Run(new LoopBody((begin, end) => SumHidden(begin, end, batch)), batch, TokenGrain);
        _pool.Run(new LoopBody((begin, end) => StepInput(begin, end, batch, weights)), _d, ColumnGrain);
    }

    /// <summary>Hands the logits of <paramref name="tokens"/> to <paramref name="sink"/>, panel by panel, from several threads.</summary>
    /// <param name="samples">Where the tokens are of.</param>
    /// <param name="tokens">[B].</param>
    /// <param name="sink">Takes a group's number (one thread at a time has it), the first neuron of a panel, and [B, 64] logits; those
    /// beyond the last neuron mean nothing.</param>
    public void Evaluate(LayerSamples samples, ReadOnlyMemory<int> tokens, Action<int, int, ReadOnlyMemory<float>> sink)
    {
        Forward(samples, tokens);
        _pool.Run(
            new LoopBody(group =>
            {
                for (int panel = FirstPanel(group); panel < FirstPanel(group + 1); panel++)
                {
                    Logits(group, panel, tokens.Length);
                    sink(group, panel * PanelNeurons, _panel[group].AsMemory(0, tokens.Length * PanelNeurons));
                }
            }),
            _groups, grain: 1);
    }

    /// <summary>Groups that <see cref="Evaluate"/> tells apart.</summary>
    public int GroupCount => _groups;

    /// <summary>The weights rounded to f16 and back, as the file will have them; training does not go on from there.</summary>
    public void RoundToHalf()
    {
        foreach (float[] weights in (float[][])[_fc1.Weights, _fc2.Weights, _bias.Weights])
        {
            for (int i = 0; i < weights.Length; i++)
                weights[i] = (float)(Half)Math.Clamp(weights[i], (float)Half.MinValue, (float)Half.MaxValue);
        }
    }

    /// <summary>Takes the weights of a file instead of training them.</summary>
    public void Load(LowRankWeights weights)
    {
        for (int k = 0; k < _rank; k++)
        {
            for (int column = 0; column < _d; column++)
                _fc1.Weights[(column * _width) + k] = (float)weights.Fc1[(k * _d) + column];
        }
        for (int n = 0; n < _neurons; n++)
        {
            for (int k = 0; k < _rank; k++)
                _fc2.Weights[At2(n, k)] = (float)weights.Fc2[(n * _rank) + k];
            _bias.Weights[n] = (float)weights.Bias[n];
        }
    }

    /// <summary>The weights as a file has them.</summary>
    public LowRankWeights Weights()
    {
        Half[] fc1 = new Half[_rank * _d], fc2 = new Half[_neurons * _rank], bias = new Half[_neurons];
        for (int k = 0; k < _rank; k++)
        {
            for (int column = 0; column < _d; column++)
                fc1[(k * _d) + column] = (Half)_fc1.Weights[(column * _width) + k];
        }
        for (int n = 0; n < _neurons; n++)
        {
            for (int k = 0; k < _rank; k++)
                fc2[(n * _rank) + k] = (Half)_fc2.Weights[At2(n, k)];
            bias[n] = (Half)_bias.Weights[n];
        }
        return new LowRankWeights(_rank, fc1, fc2, bias);
    }

    private int At2(int neuron, int k) => (((neuron / PanelNeurons * _width) + k) * PanelNeurons) + (neuron % PanelNeurons);

    private int FirstPanel(int group) => (int)((long)_panels * group / _groups);

    private void Forward(LayerSamples samples, ReadOnlyMemory<int> tokens)
    {
        if (tokens.Length > _batchMax)
            throw new ArgumentException($"At most {_batchMax} tokens expected, {tokens.Length} given.", nameof(tokens));
        _pool.Run(
            new LoopBody((begin, end) =>
            {
                Span<float> x = _x.AsSpan(begin * _d, (end - begin) * _d), h = _h.AsSpan(begin * _width, (end - begin) * _width);
                samples.Gather(tokens.Span[begin..end], x);
                MatrixProduct.Multiply(x, _fc1.Weights, h, new ProductShape(end - begin, _width, _d, _d, 1, _width, _width), add: false);
                if (!_isLinear)
                    TensorPrimitives.Max(h, 0f, h);
            }),
            tokens.Length, TokenGrain);
    }

    private void Logits(int group, int panel, int batch)
    {
        float[] z = _panel[group];
        ReadOnlySpan<float> bias = _bias.Weights.AsSpan(panel * PanelNeurons, PanelNeurons);
        for (int b = 0; b < batch; b++)
            bias.CopyTo(z.AsSpan(b * PanelNeurons, PanelNeurons));
        MatrixProduct.Multiply(
            _h, Fc2(_fc2.Weights, panel), z, new ProductShape(batch, PanelNeurons, _width, _width, 1, PanelNeurons, PanelNeurons),
            add: true);
    }

    private Span<float> Fc2(float[] values, int panel) => values.AsSpan(panel * _width * PanelNeurons, _width * PanelNeurons);

    private void StepGroup(
        int group, LayerSamples samples, ReadOnlySpan<int> tokens, float activeScale, float silentScale, AdamW weights, AdamW biases)
    {
        int batch = tokens.Length;
        Span<float> dh = _dh.AsSpan(group * batch * _width, batch * _width), g = _panel[group].AsSpan(0, batch * PanelNeurons);
        Span<float> transposed = _transposed[group], gradient = _gradient[group], biasGradient = stackalloc float[PanelNeurons];
        for (int panel = FirstPanel(group); panel < FirstPanel(group + 1); panel++)
        {
            Logits(group, panel, batch);
            ToGradient(g, panel, samples, tokens, activeScale, silentScale);
            Span<float> fc2 = Fc2(_fc2.Weights, panel);
            for (int k = 0; k < _width; k++)
            {
                for (int n = 0; n < PanelNeurons; n++)
                    transposed[(n * _width) + k] = fc2[(k * PanelNeurons) + n];
            }
            MatrixProduct.Multiply(
                g, transposed, dh, new ProductShape(batch, _width, PanelNeurons, PanelNeurons, 1, _width, _width), add: true);
            MatrixProduct.Multiply(
                _h, g, gradient, new ProductShape(_width, PanelNeurons, batch, 1, _width, PanelNeurons, PanelNeurons), add: false);
            weights.Update(fc2, gradient, Fc2(_fc2.Mean, panel), Fc2(_fc2.Square, panel));
            biasGradient.Clear();
            for (int b = 0; b < batch; b++)
                TensorPrimitives.Add(biasGradient, g.Slice(b * PanelNeurons, PanelNeurons), biasGradient);
            Span<float> bias = _bias.Weights.AsSpan(panel * PanelNeurons, PanelNeurons);
            biases.Update(
                bias, biasGradient, _bias.Mean.AsSpan(panel * PanelNeurons, PanelNeurons),
                _bias.Square.AsSpan(panel * PanelNeurons, PanelNeurons));
        }
    }

    /// <summary>Logits [B, 64] to the gradient of their loss.</summary>
    private void ToGradient(Span<float> z, int panel, LayerSamples samples, ReadOnlySpan<int> tokens, float activeScale, float silentScale)
    {
        TensorPrimitives.Sigmoid(z, z);
        int used = Math.Min(PanelNeurons, _neurons - (panel * PanelNeurons));
        for (int b = 0; b < tokens.Length; b++)
        {
            Span<float> row = z.Slice(b * PanelNeurons, PanelNeurons);
            ulong active = samples.Active.Token(tokens[b])[panel];
            // Sum of -weight log(p) where it fires, -log(1 - p) where not: p - 1 and p by the logit.
            TensorPrimitives.Multiply(row, silentScale, row);
            for (ulong bits = active; bits != 0; bits &= bits - 1)
            {
                int n = BitOperations.TrailingZeroCount(bits);
                row[n] = ((row[n] / silentScale) - 1) * activeScale;
            }
            row[used..].Clear();
        }
    }

    /// <summary>dH of tokens [begin, end), summed over the groups, where the hidden value is positive.</summary>
    private void SumHidden(int begin, int end, int batch)
    {
        Span<float> sum = _dh.AsSpan(begin * _width, (end - begin) * _width);
        for (int group = 1; group < _groups; group++)
            TensorPrimitives.Add(sum, _dh.AsSpan(((group * batch) + begin) * _width, sum.Length), sum);
        ReadOnlySpan<float> h = _h.AsSpan(begin * _width, sum.Length);
        for (int i = 0; i < sum.Length; i++)
            sum[i] = h[i] > 0 ? sum[i] : 0;
    }

    private void StepInput(int begin, int end, int batch, AdamW weights)
    {
        int at = begin * _width, length = (end - begin) * _width;
        Span<float> gradient = _gradient1.AsSpan(at, length);
        MatrixProduct.Multiply(
            _x.AsSpan(begin), _dh, gradient, new ProductShape(end - begin, _width, batch, 1, _d, _width, _width), add: false);
        weights.Update(_fc1.Weights.AsSpan(at, length), gradient, _fc1.Mean.AsSpan(at, length), _fc1.Square.AsSpan(at, length));
    }

    private sealed class Parameters(int length)
    {
        public float[] Weights { get; } = new float[length];

        public float[] Mean { get; } = new float[length];

        public float[] Square { get; } = new float[length];
    }
}

/// <summary>A trained layer as a predictor file has it, in f16.</summary>
/// <param name="Rank">r.</param>
/// <param name="Fc1">[r, d].</param>
/// <param name="Fc2">[f, r].</param>
/// <param name="Bias">[f].</param>
internal sealed record LowRankWeights(int Rank, Half[] Fc1, Half[] Fc2, Half[] Bias);
