using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Checkpoints.Gguf;

/// <summary>An architecture of llama.cpp that this engine runs, and what it fixes of the forward pass (llama.cpp, src/models).</summary>
internal sealed record GgufArchitecture
{
    private const string ArchitectureKey = "general.architecture";

    /// <summary>What general.architecture says.</summary>
    public required string Name { get; init; }

    /// <summary>What llama.cpp computes; a model that was trained otherwise goes by the same name.</summary>
    public required ActivationKind Activation { get; init; }

    public PublishedNames Names { get; init; } = GgufNames.Plain;

    public NormKind Norm { get; init; }

    public BlockKind Block { get; init; }

    public bool Gated { get; init; } = true;

    /// <summary>llama.cpp turns neighbours in some architectures, for which converters arrange the rows of queries and keys anew.</summary>
    public RotaryPairs RotaryPairs { get; init; }

    /// <summary>Whether the FFN is the only expert of a mixture.</summary>
    public bool HasOneExpert { get; init; }

    /// <summary>Whether embedding, residual and logits are scaled.</summary>
    public bool HasScales { get; init; }

    /// <summary>Whether attention may see a window only, in all layers.</summary>
    public bool HasWindow { get; init; }

    /// <summary>Where positions are learned, what is added to one before it indexes their table, which has as many rows more.</summary>
    public int? LearnedPositionOffset { get; init; }

    /// <summary>The epsilon of normalisations where no key states one.</summary>
    public float? NormEpsilonByDefault { get; init; }

    /// <summary>All of llama.cpp's.</summary>
    public static IReadOnlyList<GgufArchitecture> All { get; } =
    [
        new() { Name = "llama", Activation = ActivationKind.Silu, RotaryPairs = RotaryPairs.Neighbours, HasWindow = true },
        new() { Name = "smallthinker", Activation = ActivationKind.Relu, Names = GgufNames.OneExpert, HasOneExpert = true },
        new() { Name = "arcee", Activation = ActivationKind.Relu2, Gated = false, RotaryPairs = RotaryPairs.Neighbours },
        new() { Name = "minicpm", Activation = ActivationKind.Silu, RotaryPairs = RotaryPairs.Neighbours, HasScales = true },
        new() { Name = "qwen2", Activation = ActivationKind.Silu },
        new() { Name = "qwen3", Activation = ActivationKind.Silu },
        new() { Name = "phi3", Activation = ActivationKind.Silu, Names = GgufNames.Phi3, HasWindow = true },
        new() { Name = "nemotron", Activation = ActivationKind.Relu2, Gated = false, Norm = NormKind.Layer },
        new()
        {
            Name = "phi2", Activation = ActivationKind.GeluTanh, Gated = false, Norm = NormKind.Layer, Block = BlockKind.Parallel,
            Names = GgufNames.Falcon,
        },
        new()
        {
            Name = "falcon", Activation = ActivationKind.Gelu, Gated = false, Norm = NormKind.Layer, Block = BlockKind.Parallel,
            Names = GgufNames.Falcon,
        },
    ];

    /// <summary>
    /// Those of PowerInfer's dialect (PowerInfer, llama.cpp: build_llama, build_falcon, build_opt). There a Llama has ReLUs.
    /// </summary>
    public static IReadOnlyList<GgufArchitecture> PowerInfer { get; } =
    [
        new()
        {
            Name = "llama", Activation = ActivationKind.Relu, RotaryPairs = RotaryPairs.Neighbours, HasWindow = true,
            Names = GgufNames.PowerInfer,
        },
        new()
        {
            Name = "bamboo", Activation = ActivationKind.DRelu, RotaryPairs = RotaryPairs.Neighbours, HasWindow = true,
            Names = GgufNames.PowerInfer,
        },
        new()
        {
            Name = "falcon", Activation = ActivationKind.Relu, Gated = false, Norm = NormKind.Layer, Block = BlockKind.Parallel,
            Names = GgufNames.PowerInferFalcon,
        },
        new()
        {
            Name = "opt", Activation = ActivationKind.Relu, Gated = false, Norm = NormKind.Layer, Names = GgufNames.PowerInfer,
            LearnedPositionOffset = 2, NormEpsilonByDefault = 1e-5f,
        },
    ];

    /// <summary>The architecture that the file states.</summary>
    /// <exception cref="Neuralink.Storage.NeuralinkException">It states none, or another.</exception>
    public static GgufArchitecture Of(GgufSet file)
    {
        string name = file.Metadata.RequireText(ArchitectureKey);
        IReadOnlyList<GgufArchitecture> all = file.IsPowerInfer ? PowerInfer : All;
        return all.FirstOrDefault(architecture => architecture.Name == name)
            ?? throw file.Metadata.Refuse(
                ArchitectureKey, $"one of {string.Join(", ", all.Select(architecture => architecture.Name))}", $"\"{name}\"",
                "this architecture is not supported");
    }
}
