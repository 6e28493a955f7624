using System.Text.Json.Nodes;

namespace Neuralink.Tests.Support;

/// <summary>Llama's manner: RMSNorm, rotary positions, attention and then the FFN; families switch parts.</summary>
public sealed class LlamaFormula : FamilyFormula
{
    private const double Epsilon = 1e-5;

    private readonly LlamaParts _parts;
    private readonly double[] _frequencies;
    private readonly double _amplitude;

    public LlamaFormula(LlamaParts parts)
    {
        _parts = parts;
        (_frequencies, _amplitude) = parts.Frequencies?.Invoke(HeadSize) ?? (Formulas.Frequencies(HeadSize), 1);
        Matrix("model.embed_tokens.weight", Vocabulary, Hidden, 0.6 * Math.Sqrt(Hidden));
        for (int layer = 0; layer < Layers; layer++)
            AddLayer($"model.layers.{layer}", layer);
        Vector("model.norm.weight", Hidden, 1);
        if (!parts.Tied)
            Matrix("lm_head.weight", Vocabulary, Hidden, parts.OutputGain);
    }

    /// <inheritdoc/>
    public override JsonObject Config
    {
        get
        {
            JsonObject config = BaseConfig(_parts.ModelType, _parts.Architecture);
            config["hidden_act"] = _parts.Activation;
            config["intermediate_size"] = Ffn;
            config["num_key_value_heads"] = KvHeads;
            config["rms_norm_eps"] = Epsilon;
            config["tie_word_embeddings"] = _parts.Tied;
            foreach ((string key, JsonNode? value) in JsonNode.Parse(_parts.Extra)!.AsObject())
                config[key] = value?.DeepClone();
            return config;
        }
    }

    private double ResidualScale => _parts.Depth is { } depth ? depth / Math.Sqrt(Layers) : 1;

    protected override double[] Embed(int token) =>
        [.. Row("model.embed_tokens.weight", token, Hidden).Select(v => v * _parts.EmbeddingScale)];

    protected override double[] Layer(int layer, double[] x, int position)
    {
        string p = $"model.layers.{layer}";
        double[] n = Formulas.RmsNorm(x, W($"{p}.input_layernorm.weight"), Epsilon);
        (double[] q, double[] k, double[] v) = QueryKeyValue($"{p}.self_attn", n);
        double[] attended = Attend(
            layer, Turned(q, $"{p}.self_attn.q_norm.weight", position), Turned(k, $"{p}.self_attn.k_norm.weight", position),
            Formulas.Heads(v, HeadSize));
        x = Formulas.Add(x, Formulas.Product(W($"{p}.self_attn.o_proj.weight"), attended), ResidualScale);
        n = Formulas.RmsNorm(x, W($"{p}.post_attention_layernorm.weight"), Epsilon);
        return Formulas.Add(x, FeedForward($"model.layers.{(_parts.SharedFfn ? 0 : layer)}.mlp", n), ResidualScale);
    }

    protected override double[] Logits(double[] x)
    {
        double[] n = Formulas.RmsNorm(x, W("model.norm.weight"), Epsilon);
        double width = _parts.WidthBase is { } @base ? (double)Hidden / @base : 1;
        return Formulas.Product(W(_parts.Tied ? "model.embed_tokens.weight" : "lm_head.weight"), [.. n.Select(v => v / width)]);
    }

    private void AddLayer(string p, int layer)
    {
        int query = HeadCount * HeadSize, kv = KvHeads * HeadSize;
        Vector($"{p}.input_layernorm.weight", Hidden, 1);
        if (_parts.Fused)
        {
            Matrix($"{p}.self_attn.qkv_proj.weight", query + (2 * kv), Hidden, 1.5);
            Matrix($"{p}.mlp.gate_up_proj.weight", 2 * Ffn, Hidden);
        }
        else
        {
            foreach ((string name, int rows) in new[] { ("q_proj", query), ("k_proj", kv), ("v_proj", kv) })
            {
                Matrix($"{p}.self_attn.{name}.weight", rows, Hidden, 1.5);
                if (_parts.QkvBias)
                    Vector($"{p}.self_attn.{name}.bias", rows, 0, 0.5);
            }
        }
        if (_parts.QueryKeyNorm)
        {
            Vector($"{p}.self_attn.q_norm.weight", HeadSize, 1.5);
            Vector($"{p}.self_attn.k_norm.weight", HeadSize, 1.5);
        }
        Matrix($"{p}.self_attn.o_proj.weight", Hidden, query);
        Vector($"{p}.post_attention_layernorm.weight", Hidden, 1);
        if (_parts.SharedFfn && layer > 0)
            return;
        if (!_parts.Fused)
        {
            if (_parts.Gated)
                Matrix($"{p}.mlp.gate_proj.weight", Ffn, Hidden);
            Matrix($"{p}.mlp.up_proj.weight", Ffn, Hidden);
        }
        Matrix($"{p}.mlp.down_proj.weight", Hidden, Ffn, 2);
    }

    private (double[] Q, double[] K, double[] V) QueryKeyValue(string p, double[] n)
    {
        int query = HeadCount * HeadSize, kv = KvHeads * HeadSize;
        if (_parts.Fused)
        {
            double[] all = Formulas.Product(W($"{p}.qkv_proj.weight"), n);
            return (all[..query], all[query..(query + kv)], all[(query + kv)..]);
        }
        return (Project("q_proj"), Project("k_proj"), Project("v_proj"));

        double[] Project(string name) => Formulas.Product(W($"{p}.{name}.weight"), n, MaybeW($"{p}.{name}.bias"));
    }

    private double[][] Turned(double[] x, string norm, int position) =>
    [
        .. Formulas.Heads(x, HeadSize).Select(head => Formulas.Rotate(
            _parts.QueryKeyNorm ? Formulas.RmsNorm(head, W(norm), Epsilon) : head, position, _frequencies, _amplitude)),
    ];

    private double[] FeedForward(string p, double[] n)
    {
        double[] gate, up;
        if (_parts.Fused)
        {
            double[] both = Formulas.Product(W($"{p}.gate_up_proj.weight"), n);
            (gate, up) = (both[..Ffn], both[Ffn..]);
        }
        else
        {
            up = Formulas.Product(W($"{p}.up_proj.weight"), n);
            gate = _parts.Gated ? Formulas.Product(W($"{p}.gate_proj.weight"), n) : up;
        }
        double[] h = [.. gate.Zip(up, (g, u) => _parts.Gated ? _parts.Act(g) * _parts.ActUp(u) : _parts.Act(g))];
        return Formulas.Product(W($"{p}.down_proj.weight"), h);
    }
}

/// <summary>What a family has otherwise than Llama.</summary>
public sealed record LlamaParts(string ModelType, string Architecture, string Activation, Func<double, double> Act)
{
    public Func<double, double> ActUp { get; init; } = u => u;

    public bool Gated { get; init; } = true;

    public bool Tied { get; init; }

    public bool QkvBias { get; init; }

    public bool QueryKeyNorm { get; init; }

    /// <summary>Whether q, k, v are one matrix, and gate and up.</summary>
    public bool Fused { get; init; }

    public bool SharedFfn { get; init; }

    public double EmbeddingScale { get; init; } = 1;

    /// <summary>MiniCPM's scale_depth.</summary>
    public double? Depth { get; init; }

    /// <summary>MiniCPM's dim_model_base.</summary>
    public double? WidthBase { get; init; }

    public double OutputGain { get; init; } = 4;

    /// <summary>The rotary frequencies and the amplitude of a head's width; null for Llama's.</summary>
    public Func<int, (double[] Frequencies, double Amplitude)>? Frequencies { get; init; }

    /// <summary>More fields of config.json.</summary>
    public string Extra { get; init; } = "{}";
}
