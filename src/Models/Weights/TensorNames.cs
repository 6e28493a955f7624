using Neuralink.Models.Configuration;

namespace Neuralink.Models.Weights;

/// <summary>The modules of one decoder layer; a weight is the name plus ".weight", a bias plus ".bias".</summary>
public sealed record LayerModules(
    string AttentionNorm, string Query, string Key, string Value, string AttentionOutput, string FfnNorm, string? Gate, string Up,
    string Down)
{
    /// <summary>The matrix whose product decides which neurons fire: the gate, or for a plain FFN the up matrix.</summary>
    public string Deciding => Gate ?? Up;

    /// <summary>A name for query, key and value together, whose product is one; no checkpoint has it.</summary>
    public string QueryKeyValue => $"{Query}+k+v";
}

/// <summary>The names that Hugging Face checkpoints give the modules of a family. The flash image keeps them.</summary>
public sealed class TensorNames
{
    private readonly bool _opt;

    private TensorNames(bool opt) => _opt = opt;

    /// <summary>The names of <paramref name="family"/>.</summary>
    public static TensorNames For(ModelFamily family) => new(family == ModelFamily.Opt);

    public string Embedding => _opt ? "model.decoder.embed_tokens" : "model.embed_tokens";

    public string Output => "lm_head";

    public string FinalNorm => _opt ? "model.decoder.final_layer_norm" : "model.norm";

    /// <summary>OPT only.</summary>
    public string Positions => "model.decoder.embed_positions";

    /// <summary>OPT-350m only: embedding width to hidden width.</summary>
    public string ProjectIn => "model.decoder.project_in";

    /// <summary>OPT-350m only: hidden width to embedding width.</summary>
    public string ProjectOut => "model.decoder.project_out";

    /// <summary>The modules of layer <paramref name="index"/>.</summary>
    public LayerModules Layer(int index)
    {
        string p = _opt ? $"model.decoder.layers.{index}" : $"model.layers.{index}";
        return _opt
            ? new(
                $"{p}.self_attn_layer_norm",
                $"{p}.self_attn.q_proj", $"{p}.self_attn.k_proj", $"{p}.self_attn.v_proj", $"{p}.self_attn.out_proj",
                $"{p}.final_layer_norm", null, $"{p}.fc1", $"{p}.fc2")
            : new(
                $"{p}.input_layernorm",
                $"{p}.self_attn.q_proj", $"{p}.self_attn.k_proj", $"{p}.self_attn.v_proj", $"{p}.self_attn.o_proj",
                $"{p}.post_attention_layernorm", $"{p}.mlp.gate_proj", $"{p}.mlp.up_proj", $"{p}.mlp.down_proj");
    }
}
