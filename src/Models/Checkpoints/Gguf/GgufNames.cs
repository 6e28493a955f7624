using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Checkpoints.Gguf;

/// <summary>What GGUF files call the tensors of the architectures (llama.cpp, src/llama-arch.cpp).</summary>
internal static class GgufNames
{
    private const string Types = "F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K";

    /// <summary>The names of most.</summary>
    public static PublishedNames Plain { get; } = new()
    {
        Layers = "blk",
        Settings = "its metadata",
        LayerCountKey = "block_count",
        WeightTypes = Types,
        IsClosed = true,
        Globals = new(StringComparer.Ordinal)
        {
            [TensorNames.Embedding] = "token_embd",
            [TensorNames.Positions] = "position_embd",
            [TensorNames.FinalNorm] = "output_norm",
            [TensorNames.Output] = "output",
        },
        Locals = _ => Local(),
    };

    /// <summary>The down matrix's name in PowerInfer's dialect, where it is stored neuron by neuron.</summary>
    public const string TransposedDown = "ffn_down_t";

    /// <summary>Those of PowerInfer's dialect.</summary>
    public static PublishedNames PowerInfer => Plain with { Locals = _ => Local(("mlp.down_proj", TransposedDown)) };

    /// <summary>The same of its Falcons.</summary>
    public static PublishedNames PowerInferFalcon => Falcon with
    {
        Locals = c => Local([.. NormsOf(c), ("mlp.down_proj", TransposedDown)]),
    };

    /// <summary>Queries, keys and values one after the other in one matrix; attention may have a normalisation of its own.</summary>
    public static PublishedNames Falcon { get; } = Plain with
    {
        Locals = c => Local(NormsOf(c)),
        Fused = Attention,
    };

    /// <summary>The same, and gate and up in one matrix.</summary>
    public static PublishedNames Phi3 { get; } = Plain with
    {
        Fused = (c, local) => local switch
        {
            "mlp.gate_proj" => new("ffn_up", new RowGroups(1, 2 * c.FfnSize, 0, c.FfnSize)),
            "mlp.up_proj" => new("ffn_up", new RowGroups(1, 2 * c.FfnSize, c.FfnSize, c.FfnSize)),
            _ => Attention(c, local),
        },
    };

    /// <summary>An FFN that is the only expert of a mixture.</summary>
    public static PublishedNames OneExpert { get; } = Plain with
    {
        Locals = _ => Local(("mlp.gate_proj", "ffn_gate_exps"), ("mlp.up_proj", "ffn_up_exps"), ("mlp.down_proj", "ffn_down_exps")),
    };

    private static (string Module, string Name)[] NormsOf(ModelConfig c) => c.Block == BlockKind.ParallelTwoNorms
        ? [("input_layernorm", "attn_norm_2"), ("post_attention_layernorm", "attn_norm")]
        : [];

    private static Dictionary<string, string> Local(params (string Module, string Name)[] other)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal)
        {
            ["input_layernorm"] = "attn_norm",
            ["self_attn.q_proj"] = "attn_q",
            ["self_attn.k_proj"] = "attn_k",
            ["self_attn.v_proj"] = "attn_v",
            ["self_attn.q_norm"] = "attn_q_norm",
            ["self_attn.k_norm"] = "attn_k_norm",
            ["self_attn.o_proj"] = "attn_output",
            ["post_attention_layernorm"] = "ffn_norm",
            ["mlp.gate_proj"] = "ffn_gate",
            ["mlp.up_proj"] = "ffn_up",
            ["mlp.down_proj"] = "ffn_down",
        };
        foreach ((string module, string name) in other)
            names[module] = name;
        return names;
    }

    private static PublishedTensor? Attention(ModelConfig c, string local)
    {
        return local switch
        {
            "self_attn.q_proj" => Part(0, c.HeadCount),
            "self_attn.k_proj" => Part(c.HeadCount, c.KvHeadCount),
            "self_attn.v_proj" => Part(c.HeadCount + c.KvHeadCount, c.KvHeadCount),
            _ => null,
        };

        PublishedTensor Part(int head, int heads) => new(
            "attn_qkv",
            new RowGroups(1, (c.HeadCount + (2 * c.KvHeadCount)) * c.HeadSize, head * c.HeadSize, heads * c.HeadSize));
    }
}
