using static Neuralink.Models.Configuration.ConfigKeyTable;

namespace Neuralink.Models.Configuration;

/// <summary>The keys that belong to a family, each with its fate there: of its configuration class, and what tools leave behind.</summary>
internal static class FamilyKeys
{
    private const string Halves = "positions are rotated in halves and alike in all layers here";
    private const string Biases = "attention_bias and mlp_bias say where the biases are";
    private const string FixedBiases = "this family's biases are fixed, and the tensors are checked";

    private static readonly ConfigKey[] s_rotary =
    [
        .. Used("the shape of the model", "intermediate_size", "num_key_value_heads"),
        .. Used("the activation", "hidden_act", "hidden_act_param"),
        .. Used("rotary positions", "rope_theta", "rope_scaling", "rope_parameters", "original_max_position_embeddings"),
        .. Used("which positions attention sees", "layer_types"),
        .. RefusedUnless(1, "all of a head is rotated here", "partial_rotary_factor", "rotary_pct", "rope_pct", "rope_percent",
            "rotary_percentage", "rotary_emb_fraction"),
        .. Refused(Halves, "rotary_dim", "rope_interleaved", "rope_local_base_freq", "local_rope_theta", "rope_theta_local",
            "no_rope_layers", "no_rope_layer_interval", "use_dynamic_ntk", "use_mrope", "mrope_section"),
        .. RefusedUnless(1, "rope_scaling says how positions are stretched", "rope_ratio", "rope_scaling_factor"),
        .. RefusedUnless(true, "positions are rotated here", "rope", "use_rope", "use_rotary", "use_rotary_embeddings", "rotary"),
        .. RefusedUnless("rope", "positions are rotated here", "position_embedding_type"),
        .. NoDifference("num_key_value_heads and head_dim count, and the tensors are checked", "num_kv_heads", "n_kv_heads", "n_head_kv",
            "num_key_value_groups", "kv_channels", "attention_head_size", "attention_head_dim"),
        .. Refused(Biases, "bias", "use_bias", "qkv_bias", "add_qkv_bias", "add_bias_linear", "attn_bias", "o_proj_bias", "lm_head_bias",
            "norm_bias"),
    ];

    private static readonly ConfigKey[] s_headSize = [.. Used("the shape of the model", "head_dim")];

    private static readonly ConfigKey[] s_statedBiases = [.. Used("where biases are", "attention_bias", "mlp_bias")];

    private static readonly ConfigKey[] s_fixedBiases = [.. NoDifference(FixedBiases, "attention_bias", "mlp_bias")];

    private static readonly ConfigKey[] s_rms =
    [
        .. Used("the normalisation", "rms_norm_eps"),
        .. RefusedUnless(true, "the normalisation is RMSNorm here", "use_rms_norm", "use_rmsnorm"),
        .. RefusedUnless("rmsnorm", "the normalisation is RMSNorm here", "norm_type", "normalization_type"),
        .. NoDifference("rms_norm_eps counts", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon"),
    ];

    private static readonly ConfigKey[] s_layerNorm =
    [
        .. Refused("the normalisation is LayerNorm here", "use_rms_norm", "use_rmsnorm"),
        .. RefusedUnless("layernorm", "the normalisation is LayerNorm here", "norm_type", "normalization_type"),
        .. NoDifference("another key has the epsilon", "rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon"),
    ];

    private static readonly ConfigKey[] s_gated =
        [.. RefusedUnless(true, "the FFN has a gate here", "gated_mlp", "use_gated_mlp", "gated_linear_unit", "use_glu")];

    private static readonly ConfigKey[] s_plain =
        [.. Refused("the FFN has no gate here", "gated_mlp", "use_gated_mlp", "gated_linear_unit", "use_glu")];

    private static readonly ConfigKey[] s_window =
        [.. Used("which positions attention sees", "sliding_window", "use_sliding_window", "max_window_layers")];

    private static readonly ConfigKey[] s_noWindow =
    [
        .. NoDifference("this family attends to everything; other families and tools leave these", "sliding_window", "use_sliding_window",
            "max_window_layers"),
    ];

    private static readonly ConfigKey[] s_partRotary = [.. Used("rotary positions", "partial_rotary_factor", "rope_percent")];

    private static readonly ConfigKey[] s_llama = [.. s_headSize, .. s_statedBiases, .. s_rotary, .. s_rms];

    public static IReadOnlyDictionary<string, ConfigKey> Llama { get; } = With([.. s_llama, .. s_gated, .. s_noWindow]);

    public static IReadOnlyDictionary<string, ConfigKey> Mistral { get; } = With([.. s_llama, .. s_gated, .. s_window]);

    public static IReadOnlyDictionary<string, ConfigKey> Arcee { get; } = With([.. s_llama, .. s_plain, .. s_noWindow]);

    public static IReadOnlyDictionary<string, ConfigKey> MiniCpm { get; } = With(
    [
        .. Used("the scales of embedding, residual and logits", "scale_emb", "scale_depth", "dim_model_base"),
        .. Used("where biases are", "attention_bias"),
        .. Refused("this family's FFN has none", "mlp_bias"),
        .. Refused("attention that leaves positions out is not supported", "sparse_config"),
        .. NoDifference("training only", "mup_denominator"),
        .. s_headSize, .. s_rotary, .. s_rms, .. s_gated, .. s_noWindow,
    ]);

    public static IReadOnlyDictionary<string, ConfigKey> Qwen2 { get; } = With(
        [.. s_headSize, .. s_fixedBiases, .. RefusedUnless(true, FixedBiases, "qkv_bias"), .. s_rotary, .. s_rms, .. s_gated, .. s_window]);

    public static IReadOnlyDictionary<string, ConfigKey> Qwen3 { get; } = With(
    [
        .. Used("where biases are", "attention_bias"), .. NoDifference(FixedBiases, "mlp_bias"),
        .. s_headSize, .. s_rotary, .. s_rms, .. s_gated, .. s_window,
    ]);

    public static IReadOnlyDictionary<string, ConfigKey> Phi3 { get; } = With(
        [.. s_headSize, .. s_partRotary, .. s_fixedBiases, .. s_rotary, .. s_rms, .. s_gated, .. s_window]);

    public static IReadOnlyDictionary<string, ConfigKey> Phi { get; } = With(
    [
        .. Used("the normalisation", "layer_norm_eps"),
        .. s_headSize, .. s_partRotary, .. s_fixedBiases, .. s_rotary, .. s_layerNorm, .. s_plain, .. s_noWindow,
    ]);

    public static IReadOnlyDictionary<string, ConfigKey> Nemotron { get; } = With(
    [
        .. Used("the normalisation", "norm_eps"),
        .. RefusedUnless("layernorm1p", "the normalisation is LayerNorm1p here", "normalization", "norm_type", "normalization_type"),
        .. s_headSize, .. s_partRotary, .. s_statedBiases, .. s_rotary, .. s_layerNorm, .. s_plain, .. s_noWindow,
    ]);

    public static IReadOnlyDictionary<string, ConfigKey> Falcon { get; } = With(
    [
        .. Used("the shape of the model", "num_kv_heads", "ffn_hidden_size", "bias", "multi_query", "parallel_attn",
            "new_decoder_architecture", "num_ln_in_parallel_attn"),
        .. Used("the activation", "activation", "hidden_act_param"),
        .. Used("the normalisation", "layer_norm_epsilon"),
        .. Refused("positions as biases of the scores are not supported", "alibi", "use_alibi"),
        .. Refused("what the residual is added to is fixed here", "apply_residual_connection_post_layernorm"),
        .. NoDifference("FalconConfig has other names for these", "intermediate_size", "num_key_value_heads", "hidden_act", "n_head",
            "n_head_kv", "n_layer", "n_embed", "ffn_factor", "head_dim", "attention_bias", "mlp_bias", "layer_types"),
        .. s_rotary, .. s_layerNorm, .. s_plain, .. s_noWindow,
    ]);

    public static IReadOnlyDictionary<string, ConfigKey> Opt { get; } = With(
    [
        .. Used("the shape of the model", "ffn_dim", "word_embed_proj_dim", "enable_bias"),
        .. Used("the activation", "activation_function"),
        .. Used("the normalisation", "do_layer_norm_before", "_remove_final_layer_norm", "layer_norm_elementwise_affine"),
        .. NoDifference("transformers reads enable_bias", "bias"),
        .. NoDifference("tie_word_embeddings says it", "output_projection"),
        .. NoDifference("OPT attends to everything", "sliding_window", "use_sliding_window", "max_window_layers"),
        .. Refused(NotThisFamily, "num_key_value_heads", "hidden_act", "rope_theta", "rope_scaling", "rope_parameters"),
        .. RefusedUnless(true, "OPT's positions are learned", "learned_embeddings"),
        .. NoDifference("OPT's epsilon is fixed", "rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps"),
    ]);
}
