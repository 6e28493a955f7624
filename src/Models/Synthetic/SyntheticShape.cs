using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Placement.Synthetic;

namespace Neuralink.Models.Synthetic;

/// <summary>A published model's sizes and how sparsely it fires.</summary>
/// <param name="Name">What a user calls it.</param>
/// <param name="Description">Which model it has the shape of.</param>
/// <param name="Config">Its configuration.</param>
/// <param name="Share">Mean share of a layer's neurons that fires at a token.</param>
/// <param name="EightyShare">Share of the neurons that makes 80% of the activations.</param>
public sealed record SyntheticShape(string Name, string Description, ModelConfig Config, double Share, double EightyShare)
{
    // A cluster has some tens of neurons, as its members belong to 1.7 clusters on average.
    private const int NeuronsPerCluster = 16;

    /// <summary>How often the neurons of a layer fire.</summary>
    public ActivationProfile Profile => new(Config.FfnSize, Share, EightyShare);

    /// <summary>Clusters of a layer.</summary>
    public int ClusterCount => Math.Max(Config.FfnSize / NeuronsPerCluster, 8);

    /// <summary>Bytes of a float16 bundle on flash.</summary>
    public int StrideBytes => new BundleLayout(WeightFormat.F16, Config.HiddenSize, Config.Gated, Config.FfnBias).StrideBytes;

    /// <summary>The same shape with another number of layers.</summary>
    public SyntheticShape WithLayers(int layers) => this with { Config = Config with { LayerCount = layers } };

    /// <summary>The same shape with another activation. Where it has no zeros, the rows are made as for one that has.</summary>
    /// <param name="kind">The activation.</param>
    /// <param name="threshold">Of FATReLU, else 0.</param>
    public SyntheticShape WithActivation(ActivationKind kind, float threshold) => this with
    {
        Name = $"{Name}-{ActivationNames.PublishedName(kind)}",
        Config = Config with { Activation = kind, ActivationThreshold = threshold, ModelType = Config.Gated ? "llama" : Config.ModelType },
    };

    /// <summary>Identifies a synthetic model: equal for what is made with equal arguments.</summary>
    public string Digest(ulong seed) => $"synthetic:{Name}:{Config.LayerCount}:{seed}";
}
