using System.CommandLine;
using System.Globalization;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Synthetic;

namespace Neuralink.Cli.Synthetic;

/// <summary>What both synthetic commands are given.</summary>
internal static class SyntheticOptions
{
    public const ulong DefaultSeed = 1;

    // As config.json may say.
    private const int LayersMax = 4096;

    private static readonly string s_names = string.Join(", ", SyntheticShapes.All.Select(shape => shape.Name));

    public static Argument<SyntheticShape?> Shape() => new("SHAPE")
    {
        Description = $"The shape: {s_names}",
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            SyntheticShape? found = SyntheticShapes.Find(text);
            if (found is null)
                result.AddError($"shape: expected one of {s_names}, found '{text}'");
            return found;
        },
    };

    public static Option<ulong?> Seed() => CommonOptions.Seed($"Equal seeds give equal files [default: {DefaultSeed}]");

    public static Option<int?> Layers() => TypedOption.Of<int>(
        ["--layers"], "N", "Layers [default: as many as the real model has]", $"an integer of 1 to {LayersMax}",
        static (string text, out int value) => ValueReaders.PositiveInteger(text, out value) && value <= LayersMax);

    /// <summary>The activation, and the threshold of FATReLU.</summary>
    public static Option<(ActivationKind Kind, float Threshold)?> Activation() => TypedOption.Of<(ActivationKind, float)>(
        ["--activation"], "NAME", "The FFN's activation: relu, fatrelu=THRESHOLD, drelu, relu2, silu, gelu, gelu_new or quick_gelu "
            + "[default: the real model's]",
        "an activation's name, of fatrelu with its threshold", Read);

    private static bool Read(string text, out (ActivationKind, float) value)
    {
        string[] parts = text.Split('=', 2);
        ActivationKind? kind = ActivationNames.Find(parts[0]);
        float threshold = 0;
        bool hasThreshold = parts.Length == 2
            && float.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out threshold)
            && threshold >= 0 && float.IsFinite(threshold);
        value = (kind ?? default, threshold);
        return kind is not null && (kind == ActivationKind.FatRelu ? hasThreshold : parts.Length == 1);
    }

    public static SyntheticShape WithLayers(SyntheticShape shape, int? layers) => layers is { } count ? shape.WithLayers(count) : shape;
}
