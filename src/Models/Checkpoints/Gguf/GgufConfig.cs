using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers.Gguf;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Checkpoints.Gguf;

/// <summary>
/// What a GGUF file says about its model: sizes by its keys, biases and a tied output by which tensors there are, and the rest by its
/// architecture. No file states its activation.
/// </summary>
internal sealed class GgufConfig
{
    private readonly GgufSet _file;
    private readonly GgufArchitecture _architecture;
    private readonly GgufKeys _keys;

    private GgufConfig(GgufSet file, GgufArchitecture architecture)
    {
        _file = file;
        _architecture = architecture;
        _keys = new GgufKeys(file.Metadata, architecture.Name);
    }

    /// <param name="file">The file.</param>
    /// <param name="architecture">Its architecture.</param>
    /// <param name="activation">The activation that the user states, or null.</param>
    /// <param name="note">Takes, a line each, what a user should know.</param>
    /// <exception cref="NeuralinkException">A key is missing or wrong, or asks for what is not supported.</exception>
    public static ModelConfig Read(GgufSet file, GgufArchitecture architecture, Activation? activation, Action<string>? note)
    {
        GgufConfig reader = new(file, architecture);
        ModelConfig config = reader.Scaled(reader.Common());
        Activation chosen = GgufActivations.Choose(file, architecture, activation, note);
        config = config with { Activation = chosen.Kind, ActivationThreshold = chosen.Threshold };
        reader.RefuseOthers();
        reader._keys.CheckRest(note);
        config.Validate(file.Path);
        return config;
    }

    private bool Has(string tensor) => _file.Find(tensor) is not null;

    private ModelConfig Common()
    {
        GgufVocabulary vocabulary = new(_file.Metadata);
        int hidden = _keys.RequireCount("embedding_length"), heads = _keys.RequireCount("attention.head_count");
        int headSize = HeadSize(hidden, heads), context = _keys.RequireCount("context_length");
        bool isRotary = _architecture.LearnedPositionOffset is null;
        int rotaryWidth = isRotary ? _keys.Count("rope.dimension_count") ?? headSize : 0;
        context -= _architecture.LearnedPositionOffset ?? 0;
        return new ModelConfig
        {
            ModelType = _architecture.Name,
            VocabularySize = vocabulary.Tokens.Count,
            HiddenSize = hidden,
            EmbeddingSize = hidden,
            FfnSize = _keys.RequireCount(_architecture.HasOneExpert ? "expert_feed_forward_length" : "feed_forward_length"),
            LayerCount = _keys.RequireCount("block_count"),
            HeadCount = heads,
            KvHeadCount = _keys.Count("attention.head_count_kv") ?? heads,
            HeadSize = headSize,
            ContextLength = context,
            Block = Has("blk.0.attn_norm_2.weight") ? BlockKind.ParallelTwoNorms : _architecture.Block,
            Norm = _architecture.Norm,
            NormEpsilon = NormEpsilon(),
            FinalNorm = true,
            QueryKeyNorm = Has("blk.0.attn_q_norm.weight"),
            Gated = _architecture.Gated,
            Activation = _architecture.Activation,
            ActivationThreshold = 0,
            TiedEmbedding = !Has("output.weight"),
            OutputBias = Has("output.bias"),
            AttentionBias = Has("blk.0.attn_q.bias") || Has("blk.0.attn_qkv.bias"),
            AttentionOutputBias = Has("blk.0.attn_output.bias"),
            FfnBias = Has("blk.0.ffn_up.bias"),
            Positions = isRotary ? PositionKind.Rotary : PositionKind.Learned,
            PositionOffset = _architecture.LearnedPositionOffset ?? 0,
            RotaryWidth = rotaryWidth,
            RotaryPairs = _architecture.RotaryPairs,
            RopeTheta = _keys.Number("rope.freq_base") ?? 10000,
            RopeScaling = isRotary ? GgufRope.Read(_file, _keys, context, rotaryWidth) : null,
            SlidingWindow = Window(context),
            EndTokens = vocabulary.EndTokens,
        };
    }

    private int HeadSize(int hidden, int heads)
    {
        if (_keys.Count("attention.key_length") is not { } size)
        {
            return hidden % heads == 0 ? hidden / heads : throw _file.Metadata.Refuse(
                _keys.Full("attention.head_count"), $"a divisor of embedding_length {hidden}", $"{heads}");
        }
        return (_keys.Count("attention.value_length") ?? size) == size ? size : throw _file.Metadata.Refuse(
            _keys.Full("attention.value_length"), $"{size}, as the keys have it",
            _file.Metadata.Shown(_keys.Full("attention.value_length")), "values of another width are not supported");
    }

    private float NormEpsilon()
    {
        string key = _architecture.Norm == NormKind.Rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon";
        return _keys.Number(key) ?? _architecture.NormEpsilonByDefault ?? throw _file.Metadata.Missing(_keys.Full(key));
    }

    /// <summary>A window as wide as the context is none.</summary>
    private int? Window(int context)
    {
        const string key = "attention.sliding_window";
        if (_architecture.HasWindow)
            return _keys.Number(key) is { } window && window > 0 && window < context ? (int)window : null;
        _keys.Without(key, "a window in some of the layers", context);
        return null;
    }

    // The defaults are llama.cpp's, for files that were made before there were such keys.
    private ModelConfig Scaled(ModelConfig config) => !_architecture.HasScales ? config : config with
    {
        EmbeddingScale = _keys.Number("embedding_scale") ?? 12,
        ResidualScale = _keys.Number("residual_scale") ?? 1.4f / MathF.Sqrt(config.LayerCount),
        LogitScale = 1 / (_keys.Number("logit_scale") ?? config.HiddenSize / 256f),
    };

    private void RefuseOthers()
    {
        int experts = _architecture.HasOneExpert ? 1 : 0;
        foreach (string key in (string[])["expert_count", "expert_used_count"])
            _keys.Without(key, "a mixture of experts", experts);
        if (_architecture.HasOneExpert)
        {
            // The weights of chosen experts are divided by their sum, so that of the only one is 1, whatever the function.
            _keys.Number("expert_gating_func");
            _keys.Number("feed_forward_length");
        }
    }
}
