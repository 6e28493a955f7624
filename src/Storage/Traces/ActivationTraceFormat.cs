using System.Globalization;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Traces;

/// <summary>
/// The activation trace as a safetensors file (docs/formats/activation-trace.md): its tensors, its metadata, and the values that these
/// may have.
/// </summary>
internal static class ActivationTraceFormat
{
    public const string Name = "neuralink-trace";

    // A trace without inputs is a file of version 1, byte for byte, so that all readers of that version can read it.
    private const int VersionWithoutInputs = 1, VersionWithInputs = 2;

    /// <summary>The data begin at a multiple of this, so that whole layers lie on whole pages.</summary>
    public const int DataAlignmentBytes = 4096;

    private const string Advice = "the file is damaged; trace again";

    /// <summary>The U8 tensor [tokens, row bytes] of a layer.</summary>
    public static string ActiveTensor(int layer) => $"layers.{layer}.fired";

    /// <summary>The F16 tensor [tokens, d] of a layer, if inputs are recorded.</summary>
    public static string InputTensor(int layer) => $"layers.{layer}.input";

    /// <summary>The activation rows of all layers, then the inputs of all layers.</summary>
    public static IReadOnlyList<TensorDeclaration> Tensors(ActivationTraceInfo info)
    {
        IEnumerable<int> layers = Enumerable.Range(0, info.LayerCount);
        return
        [
            .. layers.Select(i => new TensorDeclaration(ActiveTensor(i), SafetensorsDtype.U8, [info.TokenCount, info.RowBytes])),
            .. info.InputSize is { } size
                ? layers.Select(i => new TensorDeclaration(InputTensor(i), SafetensorsDtype.F16, [info.TokenCount, size]))
                : [],
        ];
    }

    public static IReadOnlyDictionary<string, string> Metadata(ActivationTraceInfo info)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            ["format"] = Name,
            ["format_version"] = $"{(info.InputSize is null ? VersionWithoutInputs : VersionWithInputs)}",
            ["model_digest"] = info.ModelDigest,
            ["model_name"] = info.ModelName,
            ["layer_count"] = $"{info.LayerCount}",
            ["neuron_count"] = $"{info.NeuronCount}",
            ["token_count"] = $"{info.TokenCount}",
            ["stride_bytes"] = $"{info.StrideBytes}",
            ["texts"] = info.Texts,
            ["texts_digest"] = info.TextsDigest,
        };
        if (info.InputSize is { } size)
            metadata.Add("input_size", $"{size}");
        return metadata;
    }

    /// <summary>Reads and checks the metadata.</summary>
    /// <param name="operation">What is being done, for messages.</param>
    /// <param name="metadata">The metadata of the safetensors file.</param>
    /// <exception cref="NeuralinkException">It is no trace, has another version, or a value is impossible.</exception>
    public static ActivationTraceInfo Parse(string operation, IReadOnlyDictionary<string, string> metadata)
    {
        string format = metadata.GetValueOrDefault("format", "none");
        if (format != Name)
        {
            string trace = $"an activation trace (metadata format '{Name}')";
            throw new NeuralinkException(operation, trace, Quote(format), "make one with 'neuralink trace'");
        }
        string version = metadata.GetValueOrDefault("format_version", "none");
        bool hasInputs = version == $"{VersionWithInputs}";
        if (!hasInputs && version != $"{VersionWithoutInputs}")
        {
            string known = $"format version {VersionWithoutInputs} or {VersionWithInputs}";
            throw new NeuralinkException(operation, known, Quote(version), "trace again with this program");
        }
        ActivationTraceInfo info = new()
        {
            ModelDigest = Text("model_digest"),
            ModelName = Text("model_name"),
            LayerCount = Number("layer_count"),
            NeuronCount = Number("neuron_count"),
            TokenCount = Number("token_count"),
            StrideBytes = Number("stride_bytes"),
            Texts = Text("texts"),
            TextsDigest = Text("texts_digest"),
            InputSize = hasInputs ? Number("input_size") : null,
        };
        if (info.TokenCount == 0)
            throw new NeuralinkException(operation, "at least one token", "none", "trace a longer text");
        if (Contradiction(info) is { } expected)
        {
            string counts = $"{info.LayerCount} layers, {info.NeuronCount} neurons, {info.TokenCount} tokens";
            string sizes = $"stride {info.StrideBytes}, input size {info.InputSize ?? 0}";
            throw new NeuralinkException(operation, expected, $"{counts}, {sizes}", Advice);
        }
        return info;

        string Text(string key) => metadata.TryGetValue(key, out string? text)
            ? text
            : throw new NeuralinkException(operation, $"metadata {key}", "none", Advice);

        int Number(string key) => int.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new NeuralinkException(operation, $"metadata {key} as a whole number", Quote(Text(key)), Advice);
    }

    /// <summary>The tensors in the order of <see cref="Tensors"/>.</summary>
    /// <exception cref="NeuralinkException">A tensor is missing or has another shape, or there is one too many.</exception>
    public static TensorInfo[] Find(string operation, ActivationTraceInfo info, IReadOnlyDictionary<string, TensorInfo> tensors)
    {
        TensorInfo[] found = [.. Tensors(info).Select(declared =>
        {
            string expected = $"tensor {declared.Name} of {declared.Dtype} [{string.Join(", ", declared.Shape)}]";
            if (!tensors.TryGetValue(declared.Name, out TensorInfo? tensor))
                throw new NeuralinkException(operation, expected, "no such tensor", Advice);
            return tensor.Dtype == declared.Dtype && tensor.Shape.SequenceEqual(declared.Shape)
                ? tensor
                : throw new NeuralinkException(operation, expected, $"{tensor.Dtype} {tensor.ShapeText}", Advice);
        })];
        return tensors.Count == found.Length
            ? found
            : throw new NeuralinkException(operation, $"{found.Length} tensors", $"{tensors.Count}", Advice);
    }

    /// <summary>What the sizes of <paramref name="info"/> must be, or null if they are possible.</summary>
    public static string? Contradiction(ActivationTraceInfo info)
    {
        if (info.LayerCount is < 1 or > 1 << 12)
            return "layer_count in 1..4096";
        if (info.NeuronCount is < 1 or > 1 << 22)
            return "neuron_count in 1..4194304";
        if (info.StrideBytes is < 1 or > 1 << 26 || info.StrideBytes % BundleCrc.StrideMultipleBytes != 0)
            return "stride_bytes a multiple of 512 up to 64 MiB";
        if (info.TokenCount < 1 || (long)info.TokenCount * info.RowBytes / sizeof(ulong) > Array.MaxLength)
            return "a token_count that makes layers of 8 bytes to 16 GiB";
        return info.InputSize is < 1 or > 1 << 20 ? "an input_size in 1..1048576" : null;
    }

    // A file may hold a text of any length. In a message it is cut.
    private static string Quote(string text) => $"'{(text.Length <= 40 ? text : text[..40])}'";
}
