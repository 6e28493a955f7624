using Neuralink.Kernels;
using Neuralink.Models.Json;
using Neuralink.Storage;

namespace Neuralink.Models.Configuration;

/// <summary>The activations that are sparse by nature, by the names that published configurations give them.</summary>
public static class ActivationNames
{
    /// <summary>What a message lists.</summary>
    public const string Supported = "relu, fatrelu (with hidden_act_param) or drelu";

    /// <summary>The name to print.</summary>
    public static string NameOf(ActivationKind kind, float threshold) => kind switch
    {
        ActivationKind.Relu => "ReLU",
        ActivationKind.FatRelu => $"FATReLU (threshold {threshold})",
        ActivationKind.DRelu => "dReLU",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Reads the activation; Bamboo's "relu" is applied to gate and up both (dReLU).</summary>
    /// <exception cref="NeuralinkException">It is missing, or not sparse by nature.</exception>
    internal static (ActivationKind Kind, float Threshold) Read(JsonField fields, string name, string modelType)
    {
        string text = fields[name].TextOrNull()
            ?? throw fields[name].Refuse(Supported, "no such field", "the activation is never guessed: state the one the model was trained with");
        return text switch
        {
            "relu" => (modelType == "bamboo" ? ActivationKind.DRelu : ActivationKind.Relu, 0f),
            "fatrelu" => (ActivationKind.FatRelu, fields["hidden_act_param"].Number()),
            "drelu" => (ActivationKind.DRelu, 0f),
            _ => throw fields[name].Refuse(
                Supported, $"\"{text}\"", "neurons of this model do not stay silent, so it cannot run from flash; use its ReLU-fied variant"),
        };
    }
}
