using Neuralink.Kernels;
using Neuralink.Models.Checkpoints.Gguf;
using Neuralink.Models.Configuration;
using Neuralink.Storage;

namespace Neuralink.Models.Export;

/// <summary>
/// The architecture under which llama.cpp computes what a model computes. A model that it cannot run with the same result is refused, and
/// the message says why.
/// </summary>
internal static class GgufTarget
{
    private const string Advice = "llama.cpp has no architecture that computes it";

    /// <exception cref="NeuralinkException">There is none.</exception>
    public static GgufArchitecture Of(ModelConfig config, string source)
    {
        string name = Name(config) ?? throw Refuse(source, Describe(config));
        GgufArchitecture target = GgufArchitecture.All.Single(architecture => architecture.Name == name);
        bool turnsAll = config.RotaryWidth == config.HeadSize;
        Check(config.Positions == PositionKind.Rotary, "learned positions");
        Check(config.FinalNorm && config.Block != BlockKind.PostNorm, "normalisations behind the layers");
        Check(config.EmbeddingSize == config.HiddenSize, "an embedding of another width");
        Check(turnsAll || name is "nemotron" or "phi2" or "arcee" or "phi3", "rotary positions in a part of a head");
        Check(!config.QueryKeyNorm || name == "qwen3", "normalised heads");
        Check(!config.OutputBias || name == "phi2", "a bias of the output");
        Check(!config.AttentionBias || name is "llama" or "qwen2" or "phi2" or "nemotron", "biases of the attention");
        Check(!config.AttentionOutputBias || name is "llama" or "phi2" or "nemotron", "a bias of the attention's output");
        Check(!config.FfnBias || name is "llama" or "phi2" or "nemotron", "biases of the FFN");
        Check(target.HasScales || (config.EmbeddingScale, config.ResidualScale, config.LogitScale) == (1f, 1f, 1f), "scales");
        Check(
            config.RopeScaling is null or { Kind: RopeScalingKind.Linear } || name is "llama" or "arcee" or "minicpm",
            $"positions that are stretched ({config.RopeScaling?.Kind})");
        Check(
            config.RopeScaling is not { Kind: RopeScalingKind.Yarn } yarn
                || (yarn.WholeDimensions && yarn.BetaFast == GgufRope.BetaFast && yarn.BetaSlow == GgufRope.BetaSlow),
            "YaRN with a ramp of its own");
        return target;

        void Check(bool holds, string what)
        {
            if (!holds)
                throw Refuse(source, $"{what} with {Describe(config)}");
        }
    }

    private static string? Name(ModelConfig c) => (c.Norm, c.Block, c.Gated, c.Activation) switch
    {
        (NormKind.Rms, BlockKind.Sequential, true, ActivationKind.Silu) =>
            c.EmbeddingScale != 1 || c.ResidualScale != 1 || c.LogitScale != 1 ? "minicpm" : c.QueryKeyNorm ? "qwen3"
            : c.AttentionBias && !c.AttentionOutputBias && !c.FfnBias && c.RotaryPairs == RotaryPairs.Halves ? "qwen2" : "llama",
        (NormKind.Rms, BlockKind.Sequential, true, ActivationKind.Relu) => "smallthinker",
        (NormKind.Rms, BlockKind.Sequential, false, ActivationKind.Relu2) => "arcee",
        (NormKind.Layer or NormKind.LayerPlusOne, BlockKind.Sequential, false, ActivationKind.Relu2) => "nemotron",
        (NormKind.Layer, BlockKind.Parallel, false, ActivationKind.GeluTanh) => c.OutputBias ? "phi2" : "falcon",
        _ => null,
    };

    private static string Describe(ModelConfig c) =>
        $"{ActivationNames.NameOf(c.Activation, c.ActivationThreshold)} in a model of type {c.ModelType}{(c.Gated ? ", with a gate" : "")}";

    private static NeuralinkException Refuse(string source, string found) => new(
        $"export {source}", "a model that llama.cpp runs: SiLU or ReLU with a gate, squared ReLU or GELU (tanh) without", found, Advice);
}
