using Neuralink.Models.Configuration;

namespace Neuralink.Models.Weights;

/// <summary>
/// The modules of one decoder layer; a weight is the name plus ".weight", a bias plus ".bias". Not every model has every module.
/// </summary>
public sealed record LayerModules
{
    /// <summary>Before the attention, or after it in a post-norm model; before both where they are parallel.</summary>
    public required string AttentionNorm { get; init; }

    public required string Query { get; init; }

    public required string Key { get; init; }

    public required string Value { get; init; }

    /// <summary>Of each head of the queries.</summary>
    public required string QueryNorm { get; init; }

    /// <summary>Of each head of the keys.</summary>
    public required string KeyNorm { get; init; }

    public required string AttentionOutput { get; init; }

    /// <summary>Before the FFN, or after it in a post-norm model.</summary>
    public required string FfnNorm { get; init; }

    /// <summary>Null for a plain FFN.</summary>
    public required string? Gate { get; init; }

    public required string Up { get; init; }

    public required string Down { get; init; }

    /// <summary>The matrix whose product decides which neurons are active: the gate, or for a plain FFN the up matrix.</summary>
    public string Deciding => Gate ?? Up;

    /// <summary>A name for query, key and value together, whose product is one; no checkpoint has it.</summary>
    public string QueryKeyValue => $"{Query}+k+v";
}

/// <summary>
/// What this engine and the flash image call a model's modules, whatever its checkpoint calls them: as Hugging Face's Llama has them, and
/// for the others in its manner.
/// </summary>
public static class TensorNames
{
    public const string Embedding = "model.embed_tokens";

    public const string Output = "lm_head";

    public const string FinalNorm = "model.norm";

    /// <summary>The table of learned positions.</summary>
    public const string Positions = "model.embed_positions";

    /// <summary>Embedding width to hidden width.</summary>
    public const string ProjectIn = "model.project_in";

    /// <summary>Hidden width to embedding width.</summary>
    public const string ProjectOut = "model.project_out";

    /// <summary>The modules of layer <paramref name="index"/>. Where the FFN is shared, they are those of layer 0.</summary>
    public static LayerModules Layer(ModelConfig c, int index)
    {
        string p = $"model.layers.{index}", ffn = $"model.layers.{(c.SharedFfn ? 0 : index)}.mlp";
        return new LayerModules
        {
            AttentionNorm = $"{p}.input_layernorm",
            Query = $"{p}.self_attn.q_proj",
            Key = $"{p}.self_attn.k_proj",
            Value = $"{p}.self_attn.v_proj",
            QueryNorm = $"{p}.self_attn.q_norm",
            KeyNorm = $"{p}.self_attn.k_norm",
            AttentionOutput = $"{p}.self_attn.o_proj",
            FfnNorm = $"{p}.post_attention_layernorm",
            Gate = c.Gated ? $"{ffn}.gate_proj" : null,
            Up = $"{ffn}.up_proj",
            Down = $"{ffn}.down_proj",
        };
    }
}
