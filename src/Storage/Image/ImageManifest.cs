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
    public const int CurrentVersion = 6;

    /// <summary>The manifest's file name.</summary>
    public const string FileName = "neuralink.json";

    public required string Format { get; init; }

    public required int FormatVersion { get; init; }

    /// <summary>The program that wrote the image, for people to read.</summary>
    public required string WrittenBy { get; init; }

    /// <summary>The model's configuration, its activation stated explicitly.</summary>
    public required JsonElement Model { get; init; }

    /// <summary>The formats of the weights.</summary>
    public required WeightsManifest Weights { get; init; }

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

/// <summary>
/// The formats of an image's weights: "f32", "f16", "bf16", "q8_0", "q4_0", and of matrices in memory "q4_k" and "q6_k" too.
/// </summary>
/// <param name="Resident">Of the matrices of resident.safetensors.</param>
/// <param name="Rows">Of the bundles' gate and up rows.</param>
/// <param name="Down">Of the bundles' down columns.</param>
/// <param name="LeavesDeciding">Whether the bundles leave out the row that decides activity: predictor.safetensors has it.</param>
/// <param name="Predictor">Of the matrices of predictor.safetensors.</param>
/// <param name="Exceptions">Tensors of resident.safetensors of another format than <paramref name="Resident"/>.</param>
public sealed record WeightsManifest(
    string Resident, string Rows, string Down, bool LeavesDeciding, string Predictor, IReadOnlyDictionary<string, string> Exceptions)
{
    private static readonly string[] s_bundleFormats = ["f32", "f16", "bf16", "q8_0", "q4_0"];

    /// <summary>Whether one format is that of everything.</summary>
    [JsonIgnore]
    public bool IsOne => Exceptions.Count == 0 && Resident == Rows && Down == Rows && Predictor == Rows;

    /// <summary>All formats of matrices that are named.</summary>
    [JsonIgnore]
    public IEnumerable<string> Matrices => Exceptions.Values.Append(Resident).Append(Predictor);

    /// <summary>The formats in a line, e.g. "q8_0" or "q8_0 in memory, q4_0 on flash with down columns of q8_0".</summary>
    public override string ToString()
    {
        string resident = string.Join('/', Exceptions.Values.Prepend(Resident).Distinct(StringComparer.Ordinal));
        string down = Down == Rows ? "" : $" with down columns of {Down}", left = LeavesDeciding ? ", without what decides" : "";
        return (IsOne ? Rows : $"{resident} in memory, {Rows} on flash{down}") + left;
    }

    /// <summary>Whether a name is that of a format of bundles.</summary>
    internal static bool IsOfBundles(string name) => s_bundleFormats.Contains(name);

    /// <summary>Whether a name is that of a format of matrices.</summary>
    internal static bool IsOfMatrices(string? name) => name is "q4_k" or "q6_k" || s_bundleFormats.Contains(name);
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
