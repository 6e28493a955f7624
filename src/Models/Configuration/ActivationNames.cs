using System.Globalization;
using Neuralink.Kernels;
using Neuralink.Models.Json;
using Neuralink.Storage;

namespace Neuralink.Models.Configuration;

/// <summary>The activations by the names that published configurations give them.</summary>
public static class ActivationNames
{
    /// <summary>What a message lists.</summary>
    public const string Supported = "relu, fatrelu (with hidden_act_param), drelu, relu2, silu, gelu, gelu_new or quick_gelu";

    /// <summary>The name to print.</summary>
    public static string NameOf(ActivationKind kind, float threshold) => kind switch
    {
        ActivationKind.Relu => "ReLU",
        ActivationKind.FatRelu => $"FATReLU (threshold {threshold})",
        ActivationKind.DRelu => "dReLU",
        ActivationKind.Relu2 => "ReLU squared",
        ActivationKind.Silu => "SiLU",
        ActivationKind.Gelu => "GELU",
        ActivationKind.GeluTanh => "GELU (tanh)",
        ActivationKind.QuickGelu => "GELU (sigmoid)",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The name that configurations have for it.</summary>
    internal static string PublishedName(ActivationKind kind) => kind switch
    {
        ActivationKind.Relu => "relu",
        ActivationKind.FatRelu => "fatrelu",
        ActivationKind.DRelu => "drelu",
        ActivationKind.Relu2 => "relu2",
        ActivationKind.Silu => "silu",
        ActivationKind.Gelu => "gelu",
        ActivationKind.GeluTanh => "gelu_new",
        ActivationKind.QuickGelu => "quick_gelu",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The activation of a name, or null. FATReLU needs a threshold beside it.</summary>
    public static ActivationKind? Find(string name) => name switch
    {
        "relu" => ActivationKind.Relu,
        "fatrelu" => ActivationKind.FatRelu,
        "drelu" => ActivationKind.DRelu,
        "relu2" or "relu_squared" or "squared_relu" => ActivationKind.Relu2,
        "silu" or "swish" => ActivationKind.Silu,
        "gelu" or "gelu_python" => ActivationKind.Gelu,
        "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" or "gelu_accurate" or "gelu_python_tanh" => ActivationKind.GeluTanh,
        "quick_gelu" => ActivationKind.QuickGelu,
        _ => null,
    };

    /// <summary>Reads what a user states: a name, of FATReLU with its threshold, "fatrelu=0.01".</summary>
    public static bool TryParse(string text, out Activation activation)
    {
        (string name, string? threshold) = text.Split('=', 2) is [var before, var behind] ? (before, behind) : (text, null);
        float number = 0;
        bool isRead = Find(name) is { } kind && (kind == ActivationKind.FatRelu) == (threshold is not null)
            && (threshold is null || (float.TryParse(threshold, NumberStyles.Float, CultureInfo.InvariantCulture, out number)
                && float.IsFinite(number) && number >= 0));
        activation = isRead ? new Activation(Find(name)!.Value, number) : default;
        return isRead;
    }

    /// <summary>Reads the activation; where <paramref name="type"/> rectifies both branches, its "relu" is a dReLU.</summary>
    /// <exception cref="NeuralinkException">It is missing, or not supported.</exception>
    internal static (ActivationKind Kind, float Threshold) Read(JsonField config, string key, PublishedModelType type)
    {
        JsonField field = config[key];
        string name = field.TextOrNull()
            ?? throw field.Refuse(Supported, field.Shown(), "the activation is never guessed: state the one the model was trained with");
        ActivationKind kind = Find(name) ?? throw field.Refuse(Supported, $"\"{name}\"", "this activation is not supported");
        if (!type.RectifiesBoth)
            return (kind, kind == ActivationKind.FatRelu ? config["hidden_act_param"].Number() : 0f);
        return kind is ActivationKind.Relu or ActivationKind.DRelu
            ? (ActivationKind.DRelu, 0f)
            : throw field.Refuse("relu or drelu, which this model_type applies to gate and up", $"\"{name}\"", "this is not supported");
    }
}
