using System.Globalization;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Traces;

/// <summary>The firing trace as a safetensors file (docs/file-format.md): its tensors, its metadata, and what values these may have.</summary>
internal static class FiringTraceFormat
{
    public const string Name = "neuralink-trace";

    public const int CurrentVersion = 1;

    /// <summary>The data begin at a multiple of this, so that writers and readers of whole layers touch whole pages.</summary>
    public const int DataAlignmentBytes = 4096;

    private const string Advice = "the file is damaged; trace again";

    /// <summary>The U8 tensor [tokens, row bytes] of a layer.</summary>
    public static string FiredTensor(int layer) => $"layers.{layer}.fired";

    public static IReadOnlyList<TensorDeclaration> Tensors(FiringTraceInfo info) =>
        [.. Enumerable.Range(0, info.LayerCount).Select(i => new TensorDeclaration(FiredTensor(i), SafetensorsDtype.U8, [info.TokenCount, info.RowBytes]))];

    public static IReadOnlyDictionary<string, string> Metadata(FiringTraceInfo info) => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["format"] = Name,
        ["format_version"] = $"{CurrentVersion}",
        ["model_digest"] = info.ModelDigest,
        ["model_name"] = info.ModelName,
        ["layer_count"] = $"{info.LayerCount}",
        ["neuron_count"] = $"{info.NeuronCount}",
        ["token_count"] = $"{info.TokenCount}",
        ["stride_bytes"] = $"{info.StrideBytes}",
        ["texts"] = info.Texts,
        ["texts_digest"] = info.TextsDigest,
    };

    /// <summary>Reads and checks the metadata.</summary>
    /// <param name="operation">What is being done, for messages.</param>
    /// <param name="metadata">Of the safetensors file.</param>
    /// <exception cref="NeuralinkException">It is no trace, of another version, or a value is impossible.</exception>
    public static FiringTraceInfo Parse(string operation, IReadOnlyDictionary<string, string> metadata)
    {
        string format = metadata.GetValueOrDefault("format", "none");
        if (format != Name)
            throw new NeuralinkException(operation, $"a firing trace (metadata format '{Name}')", Quote(format), "make one with 'neuralink trace'");
        string version = metadata.GetValueOrDefault("format_version", "none");
        if (version != $"{CurrentVersion}")
            throw new NeuralinkException(operation, $"format version {CurrentVersion}", Quote(version), "trace again with this program");
        FiringTraceInfo info = new()
        {
            ModelDigest = Text("model_digest"),
            ModelName = Text("model_name"),
            LayerCount = Number("layer_count"),
            NeuronCount = Number("neuron_count"),
            TokenCount = Number("token_count"),
            StrideBytes = Number("stride_bytes"),
            Texts = Text("texts"),
            TextsDigest = Text("texts_digest"),
        };
        if (info.TokenCount == 0)
            throw new NeuralinkException(operation, "at least one token", "none", "trace a longer text");
        if (Contradiction(info) is { } expected)
        {
            throw new NeuralinkException(
                operation, expected, $"{info.LayerCount} layers, {info.NeuronCount} neurons, {info.TokenCount} tokens, stride {info.StrideBytes}", Advice);
        }
        return info;

        string Text(string key) => metadata.TryGetValue(key, out string? text)
            ? text
            : throw new NeuralinkException(operation, $"metadata {key}", "none", Advice);

        int Number(string key) => int.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new NeuralinkException(operation, $"metadata {key} as a whole number", Quote(Text(key)), Advice);
    }

    /// <summary>The tensor of each layer, in order.</summary>
    /// <exception cref="NeuralinkException">One is not there or not of its shape, or there is one too many.</exception>
    public static TensorInfo[] Layers(string operation, FiringTraceInfo info, IReadOnlyDictionary<string, TensorInfo> tensors)
    {
        TensorInfo[] layers = new TensorInfo[info.LayerCount];
        for (int i = 0; i < layers.Length; i++)
        {
            string expected = $"tensor {FiredTensor(i)} of U8 [{info.TokenCount}, {info.RowBytes}]";
            if (!tensors.TryGetValue(FiredTensor(i), out TensorInfo? tensor))
                throw new NeuralinkException(operation, expected, "no such tensor", Advice);
            if (tensor.Dtype != SafetensorsDtype.U8 || !tensor.Shape.SequenceEqual([info.TokenCount, info.RowBytes]))
                throw new NeuralinkException(operation, expected, $"{tensor.Dtype} {tensor.ShapeText}", Advice);
            layers[i] = tensor;
        }
        return tensors.Count == layers.Length
            ? layers
            : throw new NeuralinkException(operation, $"{layers.Length} tensors", $"{tensors.Count}", Advice);
    }

    /// <summary>What the sizes of <paramref name="info"/> had to be, or null where they can be those of a trace.</summary>
    public static string? Contradiction(FiringTraceInfo info) =>
        info.LayerCount is < 1 or > 1 << 12 ? "layer_count in 1..4096"
        : info.NeuronCount is < 1 or > 1 << 22 ? "neuron_count in 1..4194304"
        : info.StrideBytes is < 1 or > 1 << 26 || info.StrideBytes % BundleCrc.StrideMultipleBytes != 0 ? "stride_bytes a multiple of 512 up to 64 MiB"
        : info.TokenCount < 1 || (long)info.TokenCount * info.RowBytes / sizeof(ulong) > Array.MaxLength ? "a token_count that makes layers of 8 bytes to 16 GiB"
        : null;

    // A file may hold anything in a text; in a message it stays short.
    private static string Quote(string text) => $"'{(text.Length <= 40 ? text : text[..40])}'";
}
