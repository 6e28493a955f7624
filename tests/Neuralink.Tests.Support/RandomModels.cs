using Neuralink.Storage.Safetensors;

namespace Neuralink.Tests.Support;

/// <summary>One random model for each thing in which published checkpoints differ.</summary>
public static class RandomModels
{
    public static RandomModelSpec LlamaRelu { get; } = new() { Name = "llama-relu", Shards = 3 };

    public static RandomModelSpec OptPreNorm { get; } = new()
    {
        Name = "opt",
        ModelType = "opt",
        Tied = true,
        AttentionBias = true,
        FfnBias = true,
    };

    public static IReadOnlyList<RandomModelSpec> All { get; } =
    [
        LlamaRelu,
        new() { Name = "llama-tied-f16", Tied = true, MatrixDtype = SafetensorsDtype.F16, VectorDtype = SafetensorsDtype.F16 },
        new()
        {
            Name = "llama-biased-bf16",
            AttentionBias = true,
            FfnBias = true,
            MatrixDtype = SafetensorsDtype.BF16,
            VectorDtype = SafetensorsDtype.BF16,
        },
        new() { Name = "llama-linear-rope", RopeScaling = """{ "type": "linear", "factor": 4.0 }""" },
        new()
        {
            Name = "llama3-rope",
            RopeScaling = """
                { "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                  "original_max_position_embeddings": 16 }
                """,
        },
        new() { Name = "llama-odd-heads", Heads = 5, KvHeads = 5, HeadSize = 14 },
        new()
        {
            Name = "mistral-fatrelu", ModelType = "sparsellama", KvHeads = 2, Activation = "fatrelu", Threshold = 0.3f, ActiveShift = 0.6f,
            MatrixDtype = SafetensorsDtype.BF16, VectorDtype = SafetensorsDtype.F32,
        },
        new() { Name = "mistral-relu", ModelType = "mistral", KvHeads = 3, SlidingWindow = 11 },
        new() { Name = "bamboo-drelu", ModelType = "bamboo", KvHeads = 1, SlidingWindow = 7, Ffn = 131 },
        OptPreNorm,
        new()
        {
            Name = "opt-unbiased-f16",
            ModelType = "opt",
            Tied = true,
            MatrixDtype = SafetensorsDtype.F16,
            VectorDtype = SafetensorsDtype.F16,
        },
        new()
        {
            Name = "opt-post-norm", ModelType = "opt", Tied = true, AttentionBias = true, FfnBias = true, PreNorm = false,
            EmbeddingSize = 40, ActiveShift = 1.2f,
        },
    ];

    public static RandomModelSpec ByName(string name) => All.Single(spec => spec.Name == name);
}
