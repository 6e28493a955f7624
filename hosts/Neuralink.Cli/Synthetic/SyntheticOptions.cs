using System.CommandLine;
using Neuralink.Cli.Terminal;
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

    public static SyntheticShape WithLayers(SyntheticShape shape, int? layers) => layers is { } count ? shape.WithLayers(count) : shape;
}
