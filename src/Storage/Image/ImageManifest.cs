using System.Text.Json;
using System.Text.Json.Serialization;

namespace Neuralink.Storage.Image;

/// <summary>
/// neuralink.json: what a flash image holds. Storage checks what it needs to find bundles; <see cref="Model"/> is the model's own
/// configuration, which the part that knows architectures reads and checks.
/// </summary>
public sealed record ImageManifest
{
    /// <summary>The only value of <see cref="Format"/>.</summary>
    public const string FormatName = "neuralink-image";

    /// <summary>The version this code writes and reads.</summary>
    public const int CurrentVersion = 4;

    /// <summary>The manifest's file name.</summary>
    public const string FileName = "neuralink.json";

    public required string Format { get; init; }

    public required int FormatVersion { get; init; }

    /// <summary>The program that wrote the image, for people to read.</summary>
    public required string WrittenBy { get; init; }

    /// <summary>The model's configuration, its activation stated explicitly.</summary>
    public required JsonElement Model { get; init; }

    /// <summary>Format of every matrix: "f32", "f16" or "bf16".</summary>
    public required string Weights { get; init; }

    public required int LayerCount { get; init; }

    /// <summary>FFNs whose neurons are on flash: one for each layer, or one that all share.</summary>
    public required int FfnCount { get; init; }

    /// <summary>Slots, and so neurons, of each layer.</summary>
    public required int SlotCount { get; init; }

    public required BundleManifest Bundle { get; init; }

    public required PlacementManifest Placement { get; init; }

    /// <summary>The predictor whose weights predictor.safetensors holds: "exact".</summary>
    public required string Predictor { get; init; }

    /// <summary>Length and digest of every other file of the image.</summary>
    public required IReadOnlyDictionary<string, FileManifest> Files { get; init; }
}

/// <summary>How a bundle is laid out: [gate row][up row][down column][biases, f32][zeros][CRC-32C, 4 bytes].</summary>
/// <param name="StrideBytes">From one bundle to the next, a multiple of 512.</param>
/// <param name="PayloadBytes">The bytes of weights and biases.</param>
/// <param name="Gated">Whether there is a gate row.</param>
/// <param name="Biased">Whether there are biases.</param>
public sealed record BundleManifest(int StrideBytes, int PayloadBytes, bool Gated, bool Biased);

/// <summary>One file of the image.</summary>
/// <param name="Bytes">Its length.</param>
/// <param name="Xxh128">Its <see cref="FileDigest"/>.</param>
public sealed record FileManifest(long Bytes, string Xxh128);

/// <summary>The manifest's JSON: snake_case, indented, every field required and no unknown ones.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ImageManifest))]
public sealed partial class ImageManifestJson : JsonSerializerContext;
