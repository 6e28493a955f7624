using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Checkpoints;

/// <summary>
/// What a family's published checkpoints call their tensors. This engine calls them as Llama's are called (<see cref="TensorNames"/>), and
/// cuts matrices that are published as one.
/// </summary>
internal sealed record PublishedNames
{
    private const string LlamaLayers = "model.layers";

    /// <summary>As this engine has them.</summary>
    public static PublishedNames Llama { get; } = new();

    public static PublishedNames Opt { get; } = new()
    {
        Layers = "model.decoder.layers",
        Globals = new(StringComparer.Ordinal)
        {
            [TensorNames.Embedding] = "model.decoder.embed_tokens",
            [TensorNames.Positions] = "model.decoder.embed_positions",
            [TensorNames.ProjectIn] = "model.decoder.project_in",
            [TensorNames.ProjectOut] = "model.decoder.project_out",
            [TensorNames.FinalNorm] = "model.decoder.final_layer_norm",
        },
        Locals = _ => new(StringComparer.Ordinal)
        {
            ["input_layernorm"] = "self_attn_layer_norm",
            ["post_attention_layernorm"] = "final_layer_norm",
            ["self_attn.o_proj"] = "self_attn.out_proj",
            ["mlp.up_proj"] = "fc1",
            ["mlp.down_proj"] = "fc2",
        },
    };

    public static PublishedNames Phi { get; } = new()
    {
        Globals = new(StringComparer.Ordinal) { [TensorNames.FinalNorm] = "model.final_layernorm" },
        Locals = _ => new(StringComparer.Ordinal)
        {
            ["self_attn.o_proj"] = "self_attn.dense",
            ["mlp.up_proj"] = "mlp.fc1",
            ["mlp.down_proj"] = "mlp.fc2",
        },
    };

    public static PublishedNames Phi3 { get; } = new()
    {
        Fused = (c, local) => local switch
        {
            "self_attn.q_proj" => new("self_attn.qkv_proj", Rows(c, HeadRows(c), 0, c.HeadCount)),
            "self_attn.k_proj" => new("self_attn.qkv_proj", Rows(c, HeadRows(c), c.HeadCount, c.KvHeadCount)),
            "self_attn.v_proj" => new("self_attn.qkv_proj", Rows(c, HeadRows(c), c.HeadCount + c.KvHeadCount, c.KvHeadCount)),
            "mlp.gate_proj" => new("mlp.gate_up_proj", new RowGroups(1, 2 * c.FfnSize, 0, c.FfnSize)),
            "mlp.up_proj" => new("mlp.gate_up_proj", new RowGroups(1, 2 * c.FfnSize, c.FfnSize, c.FfnSize)),
            _ => null,
        },
    };

    /// <summary>Falcon's queries, keys and values lie group by group: the query heads of a key head, this, its value head.</summary>
    public static PublishedNames Falcon { get; } = new()
    {
        Layers = "transformer.h",
        Globals = new(StringComparer.Ordinal)
        {
            [TensorNames.Embedding] = "transformer.word_embeddings",
            [TensorNames.FinalNorm] = "transformer.ln_f",
        },
        Locals = c => new(StringComparer.Ordinal)
        {
            ["input_layernorm"] = c.Block == BlockKind.ParallelTwoNorms ? "ln_attn" : "input_layernorm",
            ["post_attention_layernorm"] = c.Block == BlockKind.ParallelTwoNorms ? "ln_mlp" : "post_attention_layernorm",
            ["self_attn.o_proj"] = "self_attention.dense",
            ["mlp.up_proj"] = "mlp.dense_h_to_4h",
            ["mlp.down_proj"] = "mlp.dense_4h_to_h",
        },
        Fused = (c, local) =>
        {
            int queries = c.HeadCount / c.KvHeadCount, group = (queries + 2) * c.HeadSize;
            return local switch
            {
                "self_attn.q_proj" => Part(0, queries),
                "self_attn.k_proj" => Part(queries, 1),
                "self_attn.v_proj" => Part(queries + 1, 1),
                _ => null,
            };

            PublishedTensor Part(int head, int heads) => new(
                "self_attention.query_key_value",
                new RowGroups(c.KvHeadCount, group, head * c.HeadSize, heads * c.HeadSize));
        },
    };

    /// <summary>What states the configuration, as a message names it.</summary>
    public string Settings { get; init; } = "config.json";

    /// <summary>The key that states how many layers there are.</summary>
    public string LayerCountKey { get; init; } = "num_hidden_layers";

    /// <summary>The types that weights may be of, as a message lists them.</summary>
    public string WeightTypes { get; init; } = "F32, F16 or BF16";

    /// <summary>Whether a layer has nothing but what its forward pass uses: then a tensor that is not called for is refused.</summary>
    public bool IsClosed { get; init; }

    /// <summary>What the layers' numbers follow.</summary>
    public string Layers { get; init; } = LlamaLayers;

    /// <summary>The modules outside the layers that have other names.</summary>
    public Dictionary<string, string> Globals { private get; init; } = new(StringComparer.Ordinal);

    /// <summary>The modules of a layer that have other names.</summary>
    public Func<ModelConfig, Dictionary<string, string>> Locals { private get; init; } = _ => new(StringComparer.Ordinal);

    /// <summary>The modules of a layer that are a part of another, or null.</summary>
    public Func<ModelConfig, string, PublishedTensor?> Fused { private get; init; } = (_, _) => null;

    /// <summary>Where the tensor that this engine calls <paramref name="name"/> is; another name stays as it is.</summary>
    /// <param name="config">The model.</param>
    /// <param name="name">A module, a dot, and "weight" or "bias".</param>
    public PublishedTensor Find(ModelConfig config, string name)
    {
        int dot = name.LastIndexOf('.');
        if (dot < 0)
            return new PublishedTensor(name);
        (string module, string kind) = (name[..dot], name[dot..]);
        string[] parts = module.Split('.', 4);
        if (parts is not ["model", "layers", var layer, var local] || !layer.All(char.IsAsciiDigit))
            return new PublishedTensor(Globals.GetValueOrDefault(module, module) + kind);
        if (Fused(config, local) is { } part)
            return part with { Name = $"{Layers}.{layer}.{part.Name}{kind}" };
        return new PublishedTensor($"{Layers}.{layer}.{Locals(config).GetValueOrDefault(local, local)}{kind}");
    }

    private static int HeadRows(ModelConfig c) => (c.HeadCount + (2 * c.KvHeadCount)) * c.HeadSize;

    private static RowGroups Rows(ModelConfig c, int all, int head, int heads) => new(1, all, head * c.HeadSize, heads * c.HeadSize);
}
