using System.Text.Json.Serialization;
using Neuralink.Models.Configuration;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Images;

/// <summary>What `inspect --json` prints, in snake_case. Sizes in bytes.</summary>
internal sealed record ImageReport
{
    /// <summary>The image.</summary>
    public required string Folder { get; init; }

    /// <summary>Of the image.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>The program that packed it.</summary>
    public required string WrittenBy { get; init; }

    /// <summary>The decoder's structure, in words.</summary>
    public required string Architecture { get; init; }

    /// <summary>The configuration's own model_type.</summary>
    public required string ModelType { get; init; }

    /// <summary>What makes the FFN sparse.</summary>
    public required string Activation { get; init; }

    /// <summary>The formats of the weights, in a line.</summary>
    public required string Weights { get; init; }

    /// <summary>The same, as the manifest has it.</summary>
    public required WeightsManifest Formats { get; init; }

    /// <summary>Positions the model was made for.</summary>
    public required int Context { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>"exact".</summary>
    public required string Predictor { get; init; }

    /// <summary>How the neurons are ordered, as the manifest has it.</summary>
    public required PlacementManifest Placement { get; init; }

    /// <summary>Of the files that are loaded into memory, the predictor's included.</summary>
    public required long BytesResident { get; init; }

    /// <summary>The predictor's part of these.</summary>
    public required long BytesPredictor { get; init; }

    /// <summary>Of all bundles.</summary>
    public required long BytesOnFlash { get; init; }

    /// <summary>A row a layer; one where all layers share their FFN.</summary>
    public required IReadOnlyList<LayerReport> Layers { get; init; }

    /// <summary>What the image consists of beside its manifest.</summary>
    public required IReadOnlyList<FileReport> Files { get; init; }

    public static ImageReport Of(FlashImage image)
    {
        ImageManifest m = image.Manifest;
        ModelConfig config = ModelConfigJson.Read(image);
        long layerBytes = (long)image.SlotCount * image.StrideBytes, predictorBytes = m.Files[ImageFiles.Predictor].Bytes;
        return new ImageReport
        {
            Folder = image.Folder,
            FormatVersion = m.FormatVersion,
            WrittenBy = m.WrittenBy,
            Architecture = StructureOf(config),
            ModelType = config.ModelType,
            Activation = ActivationNames.NameOf(config.Activation, config.ActivationThreshold),
            Weights = m.Weights.ToString(),
            Formats = m.Weights,
            Context = config.ContextLength,
            HiddenSize = config.HiddenSize,
            VocabularySize = config.VocabularySize,
            Predictor = m.Predictor,
            Placement = m.Placement,
            BytesResident = m.Files[ImageFiles.Resident].Bytes + predictorBytes,
            BytesPredictor = predictorBytes,
            BytesOnFlash = image.FfnCount * layerBytes,
            Layers = [.. Enumerable.Range(0, image.FfnCount).Select(Layer)],
            Files =
            [
                .. m.Files.OrderBy(f => f.Key, StringComparer.Ordinal)
                    .Select(f => new FileReport(f.Key, f.Value.Bytes, f.Value.Xxh128)),
            ],
        };

        static string StructureOf(ModelConfig c)
        {
            string norm = c.Norm == NormKind.Rms ? "RMSNorm" : "LayerNorm";
            string positions = c.Positions == PositionKind.Learned ? "learned" : "rotary", block = c.IsParallel ? ", parallel" : "";
            return $"{norm}, {positions} positions, {(c.Gated ? "gated" : "plain")} FFN{block}";
        }

        LayerReport Layer(int i) => new(i, image.SlotCount, image.StrideBytes, m.Bundle.PayloadBytes, layerBytes, m.Placement.Method);
    }
}

/// <summary>One layer's neurons on flash.</summary>
internal sealed record LayerReport(int Layer, int Neurons, int Stride, int Payload, long BytesOnFlash, string Placement);

/// <summary>One file of the image.</summary>
internal sealed record FileReport(string Name, long Bytes, string Xxh128);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ImageReport))]
internal sealed partial class ImageReportJson : JsonSerializerContext;
