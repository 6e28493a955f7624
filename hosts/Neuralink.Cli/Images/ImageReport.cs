using System.Text.Json.Serialization;
using Neuralink.Models.Configuration;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Images;

/// <summary>What `inspect --json` prints, in snake_case. Sizes in bytes.</summary>
/// <param name="Folder">The image.</param>
/// <param name="FormatVersion">Of the image.</param>
/// <param name="WrittenBy">The program that packed it.</param>
/// <param name="Architecture">"llama" or "opt", the decoder's structure.</param>
/// <param name="ModelType">The configuration's own model_type.</param>
/// <param name="Activation">What makes the FFN sparse.</param>
/// <param name="Weights">"f32", "f16" or "bf16".</param>
/// <param name="Context">Positions the model was made for.</param>
/// <param name="HiddenSize">Width of the residual stream.</param>
/// <param name="VocabularySize">Rows of the embedding.</param>
/// <param name="Predictor">"exact".</param>
/// <param name="Placement">How the neurons are ordered, as the manifest has it.</param>
/// <param name="BytesResident">Of the files that are loaded into memory, the predictor's included.</param>
/// <param name="BytesPredictor">The predictor's part of these.</param>
/// <param name="BytesOnFlash">Of all bundles.</param>
/// <param name="Layers">A row a layer.</param>
/// <param name="Files">What the image consists of beside its manifest.</param>
internal sealed record ImageReport(
    string Folder, int FormatVersion, string WrittenBy, string Architecture, string ModelType, string Activation, string Weights,
    int Context, int HiddenSize, int VocabularySize, string Predictor,
    PlacementManifest Placement, long BytesResident, long BytesPredictor, long BytesOnFlash,
    IReadOnlyList<LayerReport> Layers, IReadOnlyList<FileReport> Files)
{
    public static ImageReport Of(FlashImage image)
    {
        ImageManifest m = image.Manifest;
        ModelConfig config = ModelConfigJson.Read(image);
        long layerBytes = (long)image.SlotCount * image.StrideBytes, predictorBytes = m.Files[ImageFiles.Predictor].Bytes;
        return new ImageReport(
            image.Folder, m.FormatVersion, m.WrittenBy, config.Family == ModelFamily.Opt ? "opt" : "llama", config.ModelType,
            ActivationNames.NameOf(config.Activation, config.ActivationThreshold), m.Weights, config.ContextLength, config.HiddenSize,
            config.VocabularySize, m.Predictor, m.Placement,
            m.Files[ImageFiles.Resident].Bytes + predictorBytes, predictorBytes, image.LayerCount * layerBytes,
            [.. Enumerable.Range(0, image.LayerCount).Select(Layer)],
            [.. m.Files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => new FileReport(f.Key, f.Value.Bytes, f.Value.Xxh128))]);

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
