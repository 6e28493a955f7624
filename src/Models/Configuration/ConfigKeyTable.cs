using System.Collections.Frozen;

namespace Neuralink.Models.Configuration;

/// <summary>
/// The keys that published models of the supported families carry in config.json and generation_config.json, each with its fate. Sources:
/// the configuration classes of Hugging Face's transformers (PreTrainedConfig, LlamaConfig, MistralConfig, OPTConfig, GenerationConfig),
/// those that models publish beside their weights, and what other families and tools leave behind.
/// </summary>
internal static class ConfigKeyTable
{
    internal const string NotThisFamily = "this engine has no such part for this kind of model";

    private static readonly ConfigKey[] s_shared =
    [
        .. Used("the shape of the model", "model_type", "architectures", "vocab_size", "hidden_size", "num_hidden_layers",
            "num_attention_heads", "max_position_embeddings", "tie_word_embeddings"),
        .. Used("what ends a text", "eos_token_id"),
        .. Used("quantized weights are refused by their method", [.. Quantization.Keys]),
        .. NoDifference("where the file comes from", "_name_or_path", "name_or_path", "_commit_hash", "_comment", "transformers_version",
            "unsloth_version", "unsloth_fixed", "auto_map", "custom_pipelines", "task_specific_params", "is_llama_config", "model_name",
            "_class_name"),
        .. NoDifference("the weights' files state their types", "torch_dtype", "dtype", "torchscript", "use_bfloat16", "tf_legacy_loss"),
        .. NoDifference("how another program computes the same", "use_cache", "chunk_size_feed_forward", "pretraining_tp",
            "tensor_parallel_size", "gradient_checkpointing", "attn_implementation", "_attn_implementation",
            "_attn_implementation_autoset", "_attn_implementation_internal", "attention_implementation", "_flash_attn_2_enabled",
            "use_flash_attn", "use_flash_attention", "use_flash_attention_2", "flash_attn", "flash_attention", "use_sdpa",
            "use_memory_efficient_attention", "use_fused_rope", "use_fused_rms_norm", "use_fused_mlp", "use_fused_swiglu", "fused_mlp",
            "attention_softmax_in_fp32", "softmax_in_fp32", "scale_attention_softmax_in_fp32", "reorder_and_upcast_attn", "kv_cache_dtype",
            "use_cache_quantization", "use_cache_kernel",
            "base_model_tp_plan", "base_model_pp_plan", "return_dict", "output_attentions", "output_hidden_states", "is_decoder"),
        .. NoDifference("training only", "initializer_range", "init_std", "initializer_factor", "init_method", "router_aux_loss_coef",
            "output_router_logits", "router_jitter_noise", "router_z_loss_coef", "loss_type", "aux_loss_alpha", "seq_aux"),
        .. NoDifference("a classifier's labels", "id2label", "label2id", "num_labels", "problem_type", "finetuning_task"),
        .. NoDifference("the tokenizer's files state what goes around a prompt", "bos_token_id", "pad_token_id", "unk_token_id",
            "sep_token_id", "cls_token_id", "mask_token_id", "end_token_id", "prefix", "tokenizer_class"),
        .. NoDifference("other names of a length; transformers takes max_position_embeddings", "max_sequence_length", "model_max_length",
            "max_seq_len", "max_seq_length", "seq_length", "seq_len", "n_ctx", "n_positions"),
        .. NoDifference("settings of experts, of which there are none while their number is not stated", "num_experts_per_tok",
            "norm_topk_prob", "decoder_sparse_step"),
        .. Generation(),
        .. Refused(NotThisFamily, "is_encoder_decoder", "add_cross_attention", "cross_attention_hidden_size", "tie_encoder_decoder",
            "pruned_heads", "text_config", "vision_config", "per_layer_config", "block_configs", "layers_block_type",
            "hybrid_override_pattern", "encoder", "decoder"),
        .. Refused("mixtures of experts are not supported", "num_experts", "num_local_experts", "n_routed_experts", "n_shared_experts",
            "moe_intermediate_size", "moe_num_primary_experts", "moe_num_active_primary_experts", "moe_ffn_hidden_size",
            "mlp_only_layers", "shared_expert_intermediate_size"),
        .. Refused("the scores of attention are not changed in this way here", "attn_logit_softcapping", "attn_logit_softcap",
            "query_pre_attn_scalar", "clip_qkv", "qk_norm", "use_qk_norm", "qk_layernorm", "use_logn_attn", "attention_sinks",
            "attn_temperature_tuning", "attention_chunk_size", "sliding_window_pattern", "global_attn_every_n_layers",
            "attn_output_gate"),
        .. RefusedUnless(1, NotThisFamily, "attention_multiplier", "attention_scale", "softmax_scale", "embedding_multiplier",
            "embed_scale", "scale_emb", "emb_scale", "residual_multiplier", "residual_scale", "logit_scale", "logits_scaling",
            "lm_head_multiplier", "width_multiplier", "mup_scale"),
        .. RefusedUnless(true, NotThisFamily, "scale_attn_weights"),
        .. Refused(NotThisFamily, "scale_depth", "dim_model_base", "final_logit_softcapping", "mup_base_width", "use_mup",
            "scale_embedding", "scale_embeddings", "normalize_embedding", "parallel_attn", "use_parallel_residual", "parallel_residual",
            "new_decoder_architecture", "multi_query", "kv_lora_rank", "q_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim",
            "v_head_dim", "num_kv_shared_layers", "cla_share_factor", "num_nextn_predict_layers", "alibi", "use_alibi",
            "hidden_activation"),
    ];

    private static readonly FrozenDictionary<string, ConfigKey> s_generation = ByName(
    [
        .. Used("what ends a text", "eos_token_id"),
        .. Generation(),
        .. NoDifference("the tokenizer's files state what goes around a prompt", "bos_token_id", "pad_token_id", "unk_token_id",
            "sep_token_id", "decoder_start_token_id"),
        .. NoDifference("where the file comes from", "_from_model_config", "_commit_hash", "transformers_version", "_name_or_path"),
        .. NoDifference("what another program gives back", "use_cache", "return_dict", "output_attentions", "output_hidden_states"),
    ]);

    /// <summary>The keys of generation_config.json.</summary>
    public static IReadOnlyDictionary<string, ConfigKey> GenerationConfig => s_generation;

    /// <summary>The keys of a family's config.json: its own, and those that every family may have.</summary>
    public static IReadOnlyDictionary<string, ConfigKey> With(IEnumerable<ConfigKey> family) => ByName([.. family, .. s_shared]);

    /// <summary>
    /// The settings of Hugging Face's generate(): defaults of another program, of which a model's file may hold any. The command's own
    /// options decide how tokens are drawn and how many.
    /// </summary>
    private static IEnumerable<ConfigKey> Generation() => NoDifference(
        "the command's own options decide", "do_sample", "temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff",
        "eta_cutoff", "repetition_penalty", "encoder_repetition_penalty", "length_penalty", "diversity_penalty", "no_repeat_ngram_size",
        "encoder_no_repeat_ngram_size", "bad_words_ids", "force_words_ids", "renormalize_logits", "remove_invalid_values",
        "suppress_tokens", "begin_suppress_tokens", "forced_bos_token_id", "forced_eos_token_id", "forced_decoder_ids", "sequence_bias",
        "token_healing", "guidance_scale", "low_memory", "watermarking_config", "exponential_decay_length_penalty", "max_length",
        "max_new_tokens", "min_length", "min_new_tokens", "max_time", "early_stopping", "stop_strings", "num_beams", "num_beam_groups",
        "num_return_sequences", "penalty_alpha", "dola_layers", "constraints", "cache_implementation", "cache_config",
        "return_legacy_cache", "prefill_chunk_size", "chat_format", "max_window_size", "output_scores", "output_logits",
        "return_dict_in_generate", "is_assistant", "num_assistant_tokens", "num_assistant_tokens_schedule",
        "assistant_confidence_threshold", "assistant_early_exit", "assistant_lookbehind", "target_lookbehind", "prompt_lookup_num_tokens",
        "max_matching_ngram_size", "compile_config", "disable_compile", "generation_kwargs", "decoder_start_token_id",
        "trust_remote_code");

    internal static IEnumerable<ConfigKey> Used(string reason, params string[] names) =>
        names.Select(n => new ConfigKey(n, KeyFate.Used, reason));

    internal static IEnumerable<ConfigKey> NoDifference(string reason, params string[] names) =>
        names.Select(n => new ConfigKey(n, KeyFate.NoDifference, reason));

    internal static IEnumerable<ConfigKey> Refused(string reason, params string[] names) =>
        names.Select(n => new ConfigKey(n, KeyFate.Refused, reason));

    internal static IEnumerable<ConfigKey> RefusedUnless(object neutral, string reason, params string[] names) =>
        names.Select(n => new ConfigKey(n, KeyFate.Refused, reason, neutral));

    private static FrozenDictionary<string, ConfigKey> ByName(IEnumerable<ConfigKey> keys) =>
        keys.DistinctBy(key => key.Name, StringComparer.Ordinal).ToFrozenDictionary(key => key.Name, StringComparer.Ordinal);
}
