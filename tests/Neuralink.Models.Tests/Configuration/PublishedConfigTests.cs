using System.Text.Json.Nodes;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;

namespace Neuralink.Models.Tests.Configuration;

/// <summary>The configurations that are published, key by key as they are, are read without a word.</summary>
public sealed class PublishedConfigTests : IDisposable
{
    private const string Bamboo =
        """
        "architectures": ["BambooForCausalLM"], "auto_map": { "AutoConfig": "configuration_bamboo.BambooConfig" }, "bos_token_id": 1,
        "eos_token_id": 2, "hidden_act": "relu", "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336,
        "max_position_embeddings": 32768, "model_type": "bamboo", "num_attention_heads": 32, "num_hidden_layers": 32,
        "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 4096, "tie_word_embeddings": false,
        "torch_dtype": "bfloat16"
        """;

    private static readonly string[] s_defaulted =
        ["num_key_value_heads", "sliding_window", "max_position_embeddings", "rms_norm_eps", "rope_theta", "eos_token_id"];

    private readonly ConfigFolder _folder = new();

    public static TheoryData<string, string> Published => new()
    {
        {
            "ProSparse",
            """
            "_name_or_path": "SparseLLM/prosparse-llama-2-7b", "architectures": ["SparseLlamaForCausalLM"],
            "auto_map": { "AutoModel": "modeling_sparsellama.SparseLlamaForCausalLM" }, "bos_token_id": 1, "eos_token_id": 2,
            "hidden_act": "fatrelu", "hidden_act_param": 0.01, "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 11008,
            "max_position_embeddings": 4096, "model_type": "sparsellama", "num_attention_heads": 32, "num_hidden_layers": 32,
            "num_key_value_heads": 32, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": null, "tie_word_embeddings": false,
            "torch_dtype": "bfloat16", "transformers_version": "4.31.0.dev0", "use_cache": true, "vocab_size": 32000, "max_length": 4096,
            "pad_token_id": 0
            """
        },
        { "Bamboo", $"{Bamboo}, \"transformers_version\": \"4.34.0.dev0\", \"use_cache\": true, \"vocab_size\": 32000" },
        {
            "TurboSparse",
            $"{Bamboo}, \"_name_or_path\": \"/x/checkpoint-500\", \"attention_dropout\": 0.0, \"use_cache\": false, \"vocab_size\": 32064"
        },
        {
            "ReluLLaMA",
            """
            "architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "relu", "hidden_size": 4096,
            "initializer_range": 0.02, "intermediate_size": 11008, "max_position_embeddings": 4096, "model_type": "llama",
            "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32, "pad_token_id": 0, "pretraining_tp": 1,
            "rms_norm_eps": 1e-05, "rope_scaling": null, "tie_word_embeddings": false, "torch_dtype": "float32",
            "transformers_version": "4.31.0", "use_cache": true, "vocab_size": 32000
            """
        },
        {
            "the first conversions of Llama",
            """
            "architectures": ["LLaMAForCausalLM"], "bos_token_id": 0, "eos_token_id": 1, "hidden_act": "relu", "hidden_size": 4096,
            "intermediate_size": 11008, "initializer_range": 0.02, "max_sequence_length": 2048, "model_type": "llama",
            "num_attention_heads": 32, "num_hidden_layers": 32, "pad_token_id": -1, "rms_norm_eps": 1e-06, "torch_dtype": "float16",
            "transformers_version": "4.27.0.dev0", "use_cache": true, "vocab_size": 32000
            """
        },
        {
            "Llama 3.1 as of 2026",
            """
            "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 128000,
            "dtype": "bfloat16", "eos_token_id": [128001, 128008, 128009], "head_dim": 128, "hidden_act": "relu", "hidden_size": 4096,
            "initializer_range": 0.02, "intermediate_size": 14336, "max_position_embeddings": 131072, "mlp_bias": false,
            "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "pretraining_tp": 1,
            "rms_norm_eps": 1e-05, "tie_word_embeddings": false, "transformers_version": "5.0.0", "use_cache": true, "vocab_size": 128256,
            "rope_parameters": { "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192,
              "rope_theta": 500000.0, "rope_type": "llama3" }
            """
        },
        {
            "SmolLM",
            """
            "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 0, "eos_token_id": 0,
            "hidden_act": "relu", "hidden_size": 576, "initializer_range": 0.041666666666666664, "intermediate_size": 1536,
            "is_llama_config": true, "max_position_embeddings": 8192, "model_type": "llama", "num_attention_heads": 9,
            "num_hidden_layers": 30, "num_key_value_heads": 3, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_interleaved": false,
            "rope_scaling": null, "rope_theta": 100000, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "use_cache": true,
            "vocab_size": 49152
            """
        },
        {
            "OPT-350m",
            """
            "_name_or_path": "facebook/opt-350m", "_remove_final_layer_norm": false, "activation_dropout": 0.0,
            "activation_function": "relu", "architectures": ["OPTForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 2,
            "do_layer_norm_before": false, "dropout": 0.1, "enable_bias": true, "eos_token_id": 2, "ffn_dim": 4096, "hidden_size": 1024,
            "init_std": 0.02, "layer_norm_elementwise_affine": true, "layerdrop": 0.0, "max_position_embeddings": 2048,
            "model_type": "opt", "num_attention_heads": 16, "num_hidden_layers": 24, "pad_token_id": 1, "prefix": "</s>",
            "torch_dtype": "float32", "transformers_version": "4.46.3", "use_cache": true, "vocab_size": 50272, "word_embed_proj_dim": 512
            """
        },
        {
            "OPT-13b tuned by DeepSpeed-Chat",
            """
            "activation_function": "relu", "architectures": ["OPTForCausalLM"], "bos_token_id": 2, "do_layer_norm_before": true,
            "dropout": 0.1, "end_token_id": 2, "eos_token_id": 2, "ffn_dim": 20480, "hidden_size": 5120, "init_std": 0.02,
            "layerdrop": 0.0, "learned_embeddings": true, "scale_embeddings": false, "max_position_embeddings": 2048, "model_type": "opt",
            "num_attention_heads": 40, "num_hidden_layers": 40, "output_projection": true, "pad_token_id": 2, "prefix": "</s>",
            "torch_dtype": "float32", "use_cache": true, "vocab_size": 50272, "word_embed_proj_dim": 5120
            """
        },
        {
            "MiniCPM-S",
            """
            "_name_or_path": "openbmb/MiniCPM-S-1B-sft", "architectures": ["MiniCPMForCausalLM"], "attention_bias": false,
            "attention_dropout": 0.0, "auto_map": { "AutoConfig": "configuration_minicpm.MiniCPMConfig" }, "bos_token_id": 1,
            "eos_token_id": 2, "hidden_act": "fatrelu", "hidden_act_param": 0.01, "hidden_size": 1536, "initializer_range": 0.1,
            "intermediate_size": 3840, "max_position_embeddings": 4096, "model_type": "minicpm", "num_attention_heads": 24,
            "num_hidden_layers": 52, "num_key_value_heads": 8, "pad_token_id": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
            "rope_scaling": null, "rope_theta": 10000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
            "transformers_version": "4.36.0", "use_cache": true, "vocab_size": 73440, "scale_emb": 12, "dim_model_base": 256,
            "scale_depth": 1.4, "num_experts": 0
            """
        },
        {
            "ReluFalcon-40B",
            """
            "activation": "relu", "alibi": false, "apply_residual_connection_post_layernorm": false, "architectures": ["FalconForCausalLM"],
            "attention_dropout": 0.0, "auto_map": { "AutoConfig": "configuration_falcon.FalconConfig" }, "bias": false,
            "bos_token_id": 11, "eos_token_id": 11, "hidden_dropout": 0.0, "hidden_size": 8192, "initializer_range": 0.02,
            "layer_norm_epsilon": 1e-05, "model_type": "falcon", "multi_query": true, "new_decoder_architecture": true,
            "num_attention_heads": 128, "num_hidden_layers": 60, "num_kv_heads": 8, "parallel_attn": true, "torch_dtype": "bfloat16",
            "transformers_version": "4.27.4", "use_cache": true, "vocab_size": 65024
            """
        },
        {
            "Qwen2-7B",
            """
            "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151643,
            "hidden_act": "silu", "hidden_size": 3584, "initializer_range": 0.02, "intermediate_size": 18944,
            "max_position_embeddings": 131072, "max_window_layers": 28, "model_type": "qwen2", "num_attention_heads": 28,
            "num_hidden_layers": 28, "num_key_value_heads": 4, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
            "sliding_window": 131072, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.37.2",
            "use_cache": true, "use_sliding_window": false, "vocab_size": 152064
            """
        },
        {
            "Qwen3-8B",
            """
            "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 151643,
            "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
            "intermediate_size": 12288, "max_position_embeddings": 40960, "max_window_layers": 36, "model_type": "qwen3",
            "num_attention_heads": 32, "num_hidden_layers": 36, "num_key_value_heads": 8, "rms_norm_eps": 1e-06, "rope_scaling": null,
            "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
            "transformers_version": "4.51.0", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936
            """
        },
        {
            "Minitron-4B",
            """
            "architectures": ["NemotronForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 2,
            "eos_token_id": 3, "head_dim": 128, "hidden_act": "relu2", "hidden_size": 3072, "initializer_range": 0.0134,
            "intermediate_size": 9216, "kv_channels": 128, "max_position_embeddings": 4096, "mlp_bias": false, "model_type": "nemotron",
            "norm_eps": 1e-05, "num_attention_heads": 24, "num_hidden_layers": 32, "num_key_value_heads": 8,
            "partial_rotary_factor": 0.5, "rope_percent": 0.5, "rope_theta": 10000, "tie_word_embeddings": false,
            "torch_dtype": "bfloat16", "transformers_version": "4.32.0.dev0", "use_cache": true, "vocab_size": 256000
            """
        },
        {
            "AFM-4.5B",
            """
            "architectures": ["ArceeForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 128000,
            "eos_token_id": 128001, "head_dim": 128, "hidden_act": "relu2", "hidden_size": 2560, "initializer_range": 0.02,
            "intermediate_size": 18432, "max_position_embeddings": 65536, "mlp_bias": false, "model_type": "arcee",
            "num_attention_heads": 20, "num_hidden_layers": 36, "num_key_value_heads": 4, "rms_norm_eps": 1e-05,
            "rope_scaling": { "beta_fast": 32.0, "beta_slow": 1.0, "factor": 20.0, "mscale": 1.0,
              "original_max_position_embeddings": 4096, "rope_type": "yarn", "type": "yarn" }, "rope_theta": 10000.0,
            "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.53.0", "use_cache": true,
            "vocab_size": 128004
            """
        },
        {
            "Phi-2",
            """
            "_name_or_path": "microsoft/phi-2", "architectures": ["PhiForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 50256,
            "embd_pdrop": 0.0, "eos_token_id": 50256, "hidden_act": "gelu_new", "hidden_size": 2560, "initializer_range": 0.02,
            "intermediate_size": 10240, "layer_norm_eps": 1e-05, "max_position_embeddings": 2048, "model_type": "phi",
            "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 32, "partial_rotary_factor": 0.4,
            "qk_layernorm": false, "resid_pdrop": 0.1, "rope_scaling": null, "rope_theta": 10000.0, "tie_word_embeddings": false,
            "torch_dtype": "float16", "transformers_version": "4.37.0", "use_cache": true, "vocab_size": 51200
            """
        },
        {
            "Phi-3-mini-4k",
            """
            "architectures": ["Phi3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
            "auto_map": { "AutoConfig": "configuration_phi3.Phi3Config" }, "bos_token_id": 1, "embd_pdrop": 0.0, "eos_token_id": 32000,
            "hidden_act": "silu", "hidden_size": 3072, "initializer_range": 0.02, "intermediate_size": 8192,
            "max_position_embeddings": 4096, "model_type": "phi3", "num_attention_heads": 32, "num_hidden_layers": 32,
            "num_key_value_heads": 32, "original_max_position_embeddings": 4096, "pad_token_id": 32000, "resid_pdrop": 0.0,
            "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 10000.0, "sliding_window": 2047, "tie_word_embeddings": false,
            "torch_dtype": "bfloat16", "transformers_version": "4.40.2", "use_cache": true, "vocab_size": 32064
            """
        },
        {
            "MobiLlama-05B",
            """
            "architectures": ["LlamaForCausalLM"], "auto_map": { "AutoModelForCausalLM": "modeling_mobillama.LlamaForCausalLM" },
            "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02,
            "intermediate_size": 5632, "max_position_embeddings": 2048, "model_type": "llama", "num_attention_heads": 32,
            "num_hidden_layers": 22, "num_key_value_heads": 4, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": null,
            "tie_word_embeddings": false, "torch_dtype": "float32", "transformers_version": "4.31.0.dev0", "use_cache": true,
            "vocab_size": 32000
            """
        },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Published))]
    public void Is_read_without_a_word(string name, string json)
    {
        JsonObject config = JsonNode.Parse($"{{{json}}}")!.AsObject();
        ModelConfig read = _folder.Read(config);
        read.HiddenSize.Should().Be((int)config["hidden_size"]!, name);
        _folder.Notes.Should().BeEmpty();
    }

    [Fact]
    public void What_only_the_configuration_class_says_is_taken_from_there()
    {
        JsonObject mistral = ConfigFolder.Mistral, llama = ConfigFolder.Llama;
        foreach (JsonObject config in (JsonObject[])[mistral, llama])
        {
            foreach (string key in s_defaulted)
                config.Remove(key);
            (config["hidden_size"], config["num_attention_heads"]) = (128, 16);
        }
        ModelConfig read = _folder.Read(mistral);
        (read.KvHeadCount, read.SlidingWindow, read.ContextLength).Should().Be((8, 4096, 131072));
        (read.NormEpsilon, read.RopeTheta).Should().Be((1e-6f, 10000f));
        read.EndTokens.Should().Equal(2);
        read = _folder.Read(llama);
        (read.KvHeadCount, read.SlidingWindow, read.ContextLength).Should().Be((16, null, 2048));
        (read.NormEpsilon, read.RopeTheta).Should().Be((1e-6f, 10000f));
        read.Activation.Should().Be(ActivationKind.Relu);
    }
}
