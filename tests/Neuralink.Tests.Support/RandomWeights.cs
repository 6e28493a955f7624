namespace Neuralink.Tests.Support;

/// <summary>
/// The weights of a <see cref="RandomModel"/>, by the names that Hugging Face checkpoints have. Dimension 0 of the residual stream is a
/// constant that no layer writes; the matrix that decides activity reads it with a negative weight, which keeps most gates below zero
/// in models without biases and thresholds too.
/// </summary>
internal sealed class RandomWeights
{
    private const float EmbeddingScale = 0.6f;
    private const float Constant = 3 * EmbeddingScale;

    private readonly RandomModelSpec _spec;
    private readonly Random _random;

    private RandomWeights(RandomModelSpec spec)
    {
        _spec = spec;
        _random = new Random(spec.Seed);
    }

    public static IEnumerable<RandomTensor> Of(RandomModelSpec spec)
    {
        RandomWeights weights = new(spec);
        return spec.IsOpt ? weights.Opt() : weights.Llama();
    }

    private IEnumerable<RandomTensor> Llama()
    {
        RandomModelSpec s = _spec;
        yield return Embedding("model.embed_tokens.weight", s.Vocabulary, s.Hidden);
        for (int layer = 0; layer < s.Layers; layer++)
        {
            string p = $"model.layers.{layer}";
            yield return NormWeight($"{p}.input_layernorm.weight");
            foreach (RandomTensor tensor in Attention($"{p}.self_attn", "o_proj"))
                yield return tensor;
            yield return NormWeight($"{p}.post_attention_layernorm.weight");
            yield return Active($"{p}.mlp.gate_proj.weight", layer);
            yield return Matrix($"{p}.mlp.up_proj.weight", s.Ffn, s.Hidden, 1);
            yield return Writing($"{p}.mlp.down_proj.weight", s.Ffn, 2);
            if (s.FfnBias)
            {
                yield return Bias($"{p}.mlp.gate_proj.bias", s.Ffn);
                yield return Bias($"{p}.mlp.up_proj.bias", s.Ffn);
                yield return Bias($"{p}.mlp.down_proj.bias", s.Hidden);
            }
        }
        yield return NormWeight("model.norm.weight");
        if (!s.Tied)
            yield return Matrix("lm_head.weight", s.Vocabulary, s.Hidden, 4);
    }

    private IEnumerable<RandomTensor> Opt()
    {
        RandomModelSpec s = _spec;
        yield return Embedding("model.decoder.embed_tokens.weight", s.Vocabulary, s.EmbeddingWidth);
        RandomTensor positions = Matrix("model.decoder.embed_positions.weight", s.Context + 2, s.Hidden, 0.5f * MathF.Sqrt(s.Hidden));
        SetColumn(positions, 0, 0);
        yield return positions;
        if (s.EmbeddingWidth != s.Hidden)
        {
            RandomTensor projectIn = Matrix("model.decoder.project_in.weight", s.Hidden, s.EmbeddingWidth, 1);
            projectIn.Values.AsSpan(0, s.EmbeddingWidth).Clear();
            projectIn.Values[0] = 1;
            yield return projectIn;
            yield return Matrix("model.decoder.project_out.weight", s.EmbeddingWidth, s.Hidden, 1);
        }
        for (int layer = 0; layer < s.Layers; layer++)
        {
            string p = $"model.decoder.layers.{layer}";
            yield return NormWeight($"{p}.self_attn_layer_norm.weight");
            yield return Bias($"{p}.self_attn_layer_norm.bias", s.Hidden);
            foreach (RandomTensor tensor in Attention($"{p}.self_attn", "out_proj"))
                yield return tensor;
            yield return NormWeight($"{p}.final_layer_norm.weight");
            yield return Bias($"{p}.final_layer_norm.bias", s.Hidden);
            yield return Active($"{p}.fc1.weight", layer);
            yield return Writing($"{p}.fc2.weight", s.Ffn, 2);
            if (s.FfnBias)
            {
                yield return Bias($"{p}.fc1.bias", s.Ffn);
                yield return Bias($"{p}.fc2.bias", s.Hidden);
            }
        }
        if (s.PreNorm)
        {
            yield return NormWeight("model.decoder.final_layer_norm.weight");
            yield return Bias("model.decoder.final_layer_norm.bias", s.Hidden);
        }
        if (!s.Tied)
            yield return Matrix("lm_head.weight", s.Vocabulary, s.EmbeddingWidth, 4);
    }

    private IEnumerable<RandomTensor> Attention(string p, string output)
    {
        RandomModelSpec s = _spec;
        int queryWidth = s.Heads * s.HeadWidth, kvWidth = (s.IsOpt ? s.Heads : s.KvHeads) * s.HeadWidth;
        yield return Matrix($"{p}.q_proj.weight", queryWidth, s.Hidden, 1.5f);
        yield return Matrix($"{p}.k_proj.weight", kvWidth, s.Hidden, 1.5f);
        yield return Matrix($"{p}.v_proj.weight", kvWidth, s.Hidden, 1);
        yield return Writing($"{p}.{output}.weight", queryWidth, 1);
        if (!s.AttentionBias)
            yield break;
        yield return Bias($"{p}.q_proj.bias", queryWidth);
        yield return Bias($"{p}.k_proj.bias", kvWidth);
        yield return Bias($"{p}.v_proj.bias", kvWidth);
        yield return Bias($"{p}.{output}.bias", s.Hidden);
    }

    private RandomTensor Embedding(string name, int rows, int columns)
    {
        RandomTensor tensor = Matrix(name, rows, columns, EmbeddingScale * MathF.Sqrt(columns));
        SetColumn(tensor, 0, Constant);
        return tensor;
    }

    /// <summary>The stream grows from layer to layer, and the norm shrinks the constant accordingly.</summary>
    private RandomTensor Active(string name, int layer)
    {
        RandomTensor tensor = Matrix(name, _spec.Ffn, _spec.Hidden, 1);
        SetColumn(tensor, 0, -_spec.ActiveShift * (_spec.PreNorm ? 1 + (0.6f * layer) : 1) * EmbeddingScale / Constant);
        return tensor;
    }

    /// <summary>A matrix that adds to the stream: [hidden, width], its row 0 zero.</summary>
    private RandomTensor Writing(string name, int width, float gain)
    {
        RandomTensor tensor = Matrix(name, _spec.Hidden, width, gain);
        tensor.Values.AsSpan(0, width).Clear();
        return tensor;
    }

    /// <summary>Of an input of unit variance this makes outputs of standard deviation <paramref name="gain"/>.</summary>
    private RandomTensor Matrix(string name, int rows, int columns, float gain)
    {
        float scale = gain / MathF.Sqrt(columns);
        return new RandomTensor(
            name, _spec.MatrixDtype, [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => scale * Normal())]);
    }

    private RandomTensor NormWeight(string name) =>
        new(
            name, _spec.VectorDtype, [_spec.Hidden],
            [.. Enumerable.Range(0, _spec.Hidden).Select(i => i == 0 ? 1.2f : 1 + (0.2f * Normal()))]);

    private RandomTensor Bias(string name, int length) =>
        new(name, _spec.VectorDtype, [length], [.. Enumerable.Range(0, length).Select(i => i == 0 ? 0 : 0.2f * Normal())]);

    private static void SetColumn(RandomTensor tensor, int column, float value)
    {
        for (int at = column; at < tensor.Values.Length; at += (int)tensor.Shape[1])
            tensor.Values[at] = value;
    }

    private float Normal() =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));
}
