using Neuralink.Models.Checkpoints;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;

namespace Neuralink.Tests.Support;

/// <summary>
/// The dense forward pass over a Hugging Face folder: the oracle for everything else. It is written to be read: every neuron of every
/// layer is computed, in float32, with plain loops for all but the matrix products; nothing is sparse, predicted, cached on flash or
/// overlapped. Shapes: T new tokens, P positions so far, d hidden, f neurons, H heads, G key/value heads, s head size.
/// </summary>
public sealed class DenseReference : IDisposable
{
    private readonly ModelConfig _config;
    private readonly DenseWeights _weights;
    private readonly DenseMath _math;
    private readonly List<float[]>[] _keys;      // [layer][position][G * s]
    private readonly List<float[]>[] _values;    // [layer][position][G * s]

    /// <summary>Loads every weight of <paramref name="folder"/> into native memory, in the formats it stores.</summary>
    public DenseReference(Checkpoint folder, WorkerPool pool)
    {
        _config = folder.Config;
        _weights = DenseWeights.Load(folder);
        _math = new DenseMath(pool);
        _keys = NewCache();
        _values = NewCache();
    }

    /// <summary>
    /// Told, layer by layer of each <see cref="Forward"/>, the gate (plain: up) values [T, f]: they say which neurons fire.
    /// </summary>
    public Action<int, ReadOnlyMemory<float>>? GatesComputed { get; set; }

    /// <summary>Tokens seen since the last <see cref="Reset"/>.</summary>
    public int Position => _keys[0].Count;

    /// <summary>Forgets all tokens.</summary>
    public void Reset()
    {
        foreach (List<float[]> cache in _keys.Concat(_values))
            cache.Clear();
    }

    /// <summary>Feeds <paramref name="tokens"/> [T] and returns the logits after each of them, [T, vocabulary].</summary>
    public float[] Forward(ReadOnlySpan<int> tokens)
    {
        int start = Position;
        if (tokens.IsEmpty || start + tokens.Length > _config.ContextLength)
            throw new ArgumentException($"1..{_config.ContextLength - start} tokens expected, {tokens.Length} given.", nameof(tokens));

        float[] x = Embed(tokens, start);                                                    // [T, d]
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            DenseLayer w = _weights.Layers[layer];
            float[] attended = Attend(layer, _config.PostNorm ? x : DenseMath.Normalise(w.AttentionNorm, x), start);
            x = DenseMath.Sum(x, attended);
            if (_config.PostNorm)
                x = DenseMath.Normalise(w.AttentionNorm, x);

            float[] ffn = Ffn(layer, _config.PostNorm ? x : DenseMath.Normalise(w.FfnNorm, x));
            x = DenseMath.Sum(x, ffn);
            if (_config.PostNorm)
                x = DenseMath.Normalise(w.FfnNorm, x);
        }
        if (_weights.FinalNorm is { } norm)
            x = DenseMath.Normalise(norm, x);
        if (_weights.ProjectOut is { } projectOut)
            x = _math.Apply(projectOut, x);
        return _math.Apply(_weights.Output, x);                                              // [T, vocabulary]
    }

    public void Dispose() => _weights.Dispose();

    private float[] Embed(ReadOnlySpan<int> tokens, int start)
    {
        int width = _config.EmbeddingSize;
        float[] x = new float[tokens.Length * width];
        for (int t = 0; t < tokens.Length; t++)
            _weights.Embedding.Weights.Kernels.Decode(_weights.Embedding.Weights.Row(tokens[t]), x.AsSpan(t * width, width));
        if (_weights.ProjectIn is { } projectIn)
            x = _math.Apply(projectIn, x);
        if (_weights.Positions is { } positions)
        {
            float[] row = new float[_config.HiddenSize];
            for (int t = 0; t < tokens.Length; t++)
            {
                positions.Weights.Kernels.Decode(positions.Weights.Row(start + t + _config.PositionOffset), row);
                for (int i = 0; i < row.Length; i++)
                    x[(t * row.Length) + i] += row[i];
            }
        }
        return x;
    }

    private float[] Attend(int layer, float[] x, int start)
    {
        DenseLayer w = _weights.Layers[layer];
        int count = x.Length / _config.HiddenSize, size = _config.HeadSize, group = _config.HeadCount / _config.KvHeadCount;
        float[] q = _math.Apply(w.Query, x), k = _math.Apply(w.Key, x), v = _math.Apply(w.Value, x);
        float[] output = new float[q.Length];                                                // [T, H * s]
        for (int t = 0; t < count; t++)
        {
            int position = start + t;
            Span<float> queries = q.AsSpan(t * _config.HeadCount * size, _config.HeadCount * size);
            float[] keys = k.AsSpan(t * _config.KvHeadCount * size, _config.KvHeadCount * size).ToArray();
            if (_config.Positions == PositionKind.Rotary)
            {
                _math.Rotate(_config, queries, position);
                _math.Rotate(_config, keys, position);
            }
            _keys[layer].Add(keys);
            _values[layer].Add(v.AsSpan(t * keys.Length, keys.Length).ToArray());
            int from = _config.SlidingWindow is { } window ? Math.Max(0, position + 1 - window) : 0;
            for (int head = 0; head < _config.HeadCount; head++)
            {
                DenseMath.AttendHead(
                    queries.Slice(head * size, size), _keys[layer], _values[layer], from, head / group * size,
                    output.AsSpan((t * queries.Length) + (head * size), size));
            }
        }
        return _math.Apply(w.AttentionOutput, output);
    }

    private float[] Ffn(int layer, float[] x)
    {
        DenseLayer w = _weights.Layers[layer];
        float[] up = _math.Apply(w.Up, x);                                                   // [T, f]
        float[] gate = w.Gate is null ? up : _math.Apply(w.Gate, x);
        GatesComputed?.Invoke(layer, gate);
        float threshold = _config.ActivationThreshold;
        for (int i = 0; i < gate.Length; i++)
        {
            float active = _config.Activation == ActivationKind.Silu ? gate[i] / (1 + MathF.Exp(-gate[i]))
                : gate[i] > threshold ? gate[i]
                : 0;
            float value = _config.Activation == ActivationKind.DRelu ? Math.Max(up[i], 0) : up[i];
            gate[i] = w.Gate is null ? active : active * value;
        }
        return _math.Apply(w.Down, gate);
    }

    private List<float[]>[] NewCache() => [.. Enumerable.Range(0, _config.LayerCount).Select(_ => new List<float[]>())];
}
