using Neuralink.Kernels;
using Neuralink.Models.Json;
using Neuralink.Storage;

namespace Neuralink.Models.Configuration;

/// <summary>The activations that are sparse by nature, by the names that published configurations give them.</summary>
public static class ActivationNames
{
    /// <summary>What a message lists.</summary>
    public const string Supported = "relu, fatrelu (with hidden_act_param) or drelu";

    // Functions that are zero nowhere, or at single points. Of others, such as relu2, it is only said that they are not supported.
    private static readonly HashSet<string> s_neverSilent = new(
        [
            "silu", "swish", "gelu", "gelu_10", "gelu_fast", "gelu_new", "gelu_python", "gelu_pytorch_tanh", "gelu_accurate", "quick_gelu",
            "leaky_relu", "prelu", "elu", "selu", "celu", "mish", "laplace", "linear", "sigmoid", "softplus", "tanh",
        ],
        StringComparer.Ordinal);

    /// <summary>The name to print.</summary>
    public static string NameOf(ActivationKind kind, float threshold) => kind switch
    {
        ActivationKind.Relu => "ReLU",
        ActivationKind.FatRelu => $"FATReLU (threshold {threshold})",
        ActivationKind.DRelu => "dReLU",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Reads the activation; Bamboo's "relu" is applied to gate and up both (dReLU).</summary>
    /// <exception cref="NeuralinkException">It is missing, or not supported.</exception>
    internal static (ActivationKind Kind, float Threshold) Read(JsonField config, string key, PublishedModelType type)
    {
        JsonField field = config[key];
        string name = field.TextOrNull()
            ?? throw field.Refuse(Supported, field.Shown(), "the activation is never guessed: state the one the model was trained with");
        bool isBamboo = type.Name == "bamboo";
        return name switch
        {
            "relu" => (isBamboo ? ActivationKind.DRelu : ActivationKind.Relu, 0f),
            "drelu" => (ActivationKind.DRelu, 0f),
            "fatrelu" when !isBamboo => (ActivationKind.FatRelu, config["hidden_act_param"].Number()),
            _ when s_neverSilent.Contains(name) => throw field.Refuse(
                Supported, $"\"{name}\"",
                "neurons of this model do not stay silent, so it cannot run from flash; use its ReLU-fied variant"),
            _ => throw field.Refuse(Supported, $"\"{name}\"", "this activation is not supported"),
        };
    }
}
