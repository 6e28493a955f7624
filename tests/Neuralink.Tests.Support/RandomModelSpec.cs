using Neuralink.Storage.Safetensors;

namespace Neuralink.Tests.Support;

/// <summary>What a <see cref="RandomModel"/> is to be. The sizes are ragged on purpose: no multiple of a vector or of a sector.</summary>
public sealed record RandomModelSpec
{
    public required string Name { get; init; }

    /// <summary>llama, mistral, sparsellama, bamboo or opt.</summary>
    public string ModelType { get; init; } = "llama";

    public int Seed { get; init; } = 1;

    public int Hidden { get; init; } = 72;

    public int Ffn { get; init; } = 120;

    public int Layers { get; init; } = 3;

    public int Heads { get; init; } = 6;

    public int KvHeads { get; init; } = 6;

    /// <summary>Stated as head_dim; null leaves it to hidden / heads.</summary>
    public int? HeadSize { get; init; }

    public int Vocabulary { get; init; } = 259;

    public int Context { get; init; } = 96;

    public string Activation { get; init; } = "relu";

    /// <summary>FATReLU's hidden_act_param.</summary>
    public float? Threshold { get; init; }

    public bool AttentionBias { get; init; }

    public bool FfnBias { get; init; }

    public bool Tied { get; init; }

    /// <summary>The JSON of rope_scaling.</summary>
    public string? RopeScaling { get; init; }

    public int? SlidingWindow { get; init; }

    /// <summary>OPT: false is the 350m variant, without a final norm.</summary>
    public bool PreNorm { get; init; } = true;

    /// <summary>OPT: word_embed_proj_dim.</summary>
    public int? EmbeddingSize { get; init; }

    public SafetensorsDtype MatrixDtype { get; init; } = SafetensorsDtype.F32;

    public SafetensorsDtype VectorDtype { get; init; } = SafetensorsDtype.F32;

    /// <summary>Files the weights are spread over; more than one come with an index.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>How far gates lie below zero on average, in their standard deviations: what makes the model sparse.</summary>
    public float ActiveShift { get; init; } = 0.9f;

    public bool IsOpt => ModelType == "opt";

    public int HeadWidth => HeadSize ?? Hidden / Heads;

    public int EmbeddingWidth => EmbeddingSize ?? Hidden;

    public override string ToString() => Name;
}
