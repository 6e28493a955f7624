using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Storage;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>
/// The low-rank predictor as a safetensors file (docs/formats/predictor.md): its tensors, its metadata, and what values these may have.
/// </summary>
internal static class LowRankFormat
{
    public const string Name = "neuralink-predictor", LowRankKind = "low-rank", SvdKind = "svd";

    public const int CurrentVersion = 1;

    private const string Advice = "the file is damaged; train the predictor again with 'neuralink train-predictor'";

    private const int LayersMax = 1 << 12, SizeMax = 1 << 22;

    /// <summary>A layer's modules: `fc1.weight` [r, d], `fc2.weight` [f, r], and `fc2.bias` [f] where there is one.</summary>
    public static string Module(int layer) => $"layers.{layer}";

    public static IReadOnlyDictionary<string, string> Metadata(LowRankInfo info)
    {
        LayerEntry?[] layers = [.. info.Layers.Select(l => l is null ? null : new LayerEntry(l.Rank, l.Threshold, l.Figures))];
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = Name,
            ["format_version"] = $"{CurrentVersion}",
            ["kind"] = info.IsLinear ? SvdKind : LowRankKind,
            ["model_digest"] = info.ModelDigest ?? throw new InvalidOperationException("A predictor that is written is of a known model."),
            ["model_name"] = info.ModelName,
            ["trained_on"] = info.TrainedOn,
            ["depth"] = $"{info.Depth}",
            ["input"] = NameOf(info.Input),
            ["layers"] = JsonSerializer.Serialize(layers, LowRankJson.Default.LayerEntryArray),
        };
    }

    /// <summary>Reads and checks metadata and tensors.</summary>
    /// <param name="operation">What is being done, for messages.</param>
    /// <param name="metadata">Of the safetensors file.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <exception cref="NeuralinkException">It is no predictor, of another version or kind, or it contradicts itself.</exception>
    public static LowRankInfo Parse(
        string operation, IReadOnlyDictionary<string, string> metadata, IReadOnlyDictionary<string, TensorInfo> tensors)
    {
        Require(
            metadata.GetValueOrDefault("format", "none"), Name, "a predictor (metadata format 'neuralink-predictor')",
            "make one with 'neuralink train-predictor'");
        Require(
            Text("format_version"), $"{CurrentVersion}", $"format version {CurrentVersion}", "train the predictor again with this program");
        string kind = Text("kind");
        if (kind is not (LowRankKind or SvdKind))
        {
            throw new NeuralinkException(
                operation, $"a predictor of kind '{LowRankKind}' or '{SvdKind}'", Quote(kind), "give another file");
        }
        string input = Text("input");
        LayerEntry?[] entries = ParseLayers(Text("layers"));
        int depth = int.TryParse(Text("depth"), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < LayersMax
            ? number
            : throw new NeuralinkException(operation, $"metadata depth of 0 to {LayersMax - 1}", Quote(Text("depth")), Advice);
        LowRankShapes shapes = new(operation, tensors, Advice);
        LowRankLayer?[] layers = [.. entries.Select((entry, i) => entry is null ? null : Layer(shapes, i, entry))];
        shapes.RequireNoOther();
        return new LowRankInfo
        {
            ModelDigest = Text("model_digest"),
            ModelName = Text("model_name"),
            TrainedOn = Text("trained_on"),
            Weights = shapes.Weights,
            IsLinear = kind == SvdKind,
            Depth = depth,
            Input = input == NameOf(PredictorInput.FfnInput) ? PredictorInput.FfnInput
                : input == NameOf(PredictorInput.Residual) ? PredictorInput.Residual
                : throw new NeuralinkException(operation, "metadata input 'ffn_input' or 'residual'", Quote(input), Advice),
            HiddenSize = shapes.HiddenSize,
            NeuronCount = shapes.NeuronCount,
            Layers = layers,
        };

        string Text(string key) => metadata.TryGetValue(key, out string? text)
            ? text
            : throw new NeuralinkException(operation, $"metadata {key}", "none", Advice);

        void Require(string found, string wanted, string expected, string advice)
        {
            if (found != wanted)
                throw new NeuralinkException(operation, expected, Quote(found), advice);
        }

        LayerEntry?[] ParseLayers(string json)
        {
            try
            {
                LayerEntry?[] parsed = JsonSerializer.Deserialize(json, LowRankJson.Default.LayerEntryArray) ?? [];
                return parsed.Length is >= 1 and <= LayersMax && parsed.Any(entry => entry is not null)
                    ? parsed
                    : throw new NeuralinkException(
                        operation, $"metadata layers of 1 to {LayersMax}, one of them predicted", $"{parsed.Length}", Advice);
            }
            catch (JsonException error)
            {
                throw new NeuralinkException(operation, "metadata layers as JSON", error.Message, Advice, error);
            }
        }

        LowRankLayer Layer(LowRankShapes shapes, int layer, LayerEntry entry)
        {
            if (!float.IsFinite(entry.Threshold) || entry.Figures?.Curve.Any(point => point is null) == true)
            {
                throw new NeuralinkException(
                    operation, $"metadata layers with a threshold and whole figures of layer {layer}", $"{entry.Threshold}", Advice);
            }
            (int rank, bool hasBias) = shapes.Take(Module(layer), SizeMax)
                ?? throw new NeuralinkException(operation, $"tensor {Module(layer)}.fc1.weight", "no such tensor", Advice);
            return rank == entry.Rank
                ? new LowRankLayer(rank, hasBias, entry.Threshold, entry.Figures)
                : throw new NeuralinkException(operation, $"rank {entry.Rank} of layer {layer}, as the metadata say", $"{rank}", Advice);
        }
    }

    private static string NameOf(PredictorInput input) => input == PredictorInput.Residual ? "residual" : "ffn_input";

    // A file may hold anything in a text; in a message it stays short.
    private static string Quote(string text) => $"'{(text.Length <= 40 ? text : text[..40])}'";
}

/// <summary>A layer in the metadata.</summary>
internal sealed record LayerEntry(int Rank, float Threshold, LowRankMetrics? Figures);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(LayerEntry[]))]
internal sealed partial class LowRankJson : JsonSerializerContext;
