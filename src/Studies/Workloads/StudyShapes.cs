using Neuralink.Models.Configuration;
using Neuralink.Models.Synthetic;

namespace Neuralink.Studies.Workloads;

/// <summary>
/// The shapes that a study may name: those of the synthetic models, and two that are not of the ReLU family, of which the Neuralink paper
/// computes the strongest share only (CATS for MobiLlama, attribution for Phi-2).
/// </summary>
public static class StudyShapes
{
    private const double GatedEightyShare = 0.43;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<SyntheticShape> All { get; } = [.. SyntheticShapes.All, MobiLlama(), Phi2()];

    /// <summary>The shape of that name, or null.</summary>
    public static SyntheticShape? Find(string name) =>
        All.FirstOrDefault(shape => shape.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static SyntheticShape MobiLlama() => new(
        "mobillama-1b", "MobiLlama-1B, the strongest 30%",
        SyntheticShapes.Find("llama2-7b")!.Config with
        {
            HiddenSize = 2048,
            EmbeddingSize = 2048,
            FfnSize = 5632,
            LayerCount = 22,
            HeadSize = 64,
            RotaryWidth = 64,
            ContextLength = 2048,
        },
        0.30, GatedEightyShare);

    private static SyntheticShape Phi2()
    {
        ModelConfig opt = SyntheticShapes.Find("opt-6.7b")!.Config;
        return new SyntheticShape(
            "phi-2", "Phi-2, the strongest 20%",
            opt with
            {
                VocabularySize = 51200,
                HiddenSize = 2560,
                EmbeddingSize = 2560,
                FfnSize = 10240,
                LayerCount = 32,
                HeadSize = 80,
            },
            0.20, GatedEightyShare);
    }
}
