using System.Globalization;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Image;

/// <summary>
/// The activation sample as a safetensors file (docs/formats/activation-sample.md): its tensors, its metadata, and what values these may
/// have.
/// </summary>
internal static class ActivationSampleFormat
{
    private const string Name = "neuralink-firing-sample", Version = "1";

    private const string Advice = "the file is damaged; delete it, or place the image with a trace again";

    /// <summary>The I32 tensor [neurons] of a layer: the tokens of the trace at which each fired.</summary>
    public static string CountsTensor(int layer) => $"layers.{layer}.counts";

    /// <summary>The U8 tensor [tokens, row bytes] of a layer: rows as in an activation trace.</summary>
    public static string ActiveTensor(int layer) => $"layers.{layer}.fired";

    public static IReadOnlyList<TensorDeclaration> Tensors(ActivationSampleInfo info) =>
    [
        .. Enumerable.Range(0, info.LayerCount).SelectMany(layer => (TensorDeclaration[])
        [
            new(CountsTensor(layer), SafetensorsDtype.I32, [info.NeuronCount]),
            new(
                ActiveTensor(layer), SafetensorsDtype.U8,
                [info.SampledTokens, ActivationMatrix.WordsPerTokenOf(info.NeuronCount) * sizeof(ulong)]),
        ]),
    ];

    public static IReadOnlyDictionary<string, string> Metadata(ActivationSampleInfo info) =>
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = Name,
            ["format_version"] = Version,
            ["model_digest"] = info.ModelDigest,
            ["texts"] = info.Texts,
            ["layer_count"] = $"{info.LayerCount}",
            ["neuron_count"] = $"{info.NeuronCount}",
            ["traced_tokens"] = $"{info.TracedTokens}",
            ["sampled_tokens"] = $"{info.SampledTokens}",
        };

    /// <summary>Reads and checks the metadata.</summary>
    /// <exception cref="NeuralinkException">It is no sample, of another version, or a value is impossible.</exception>
    public static ActivationSampleInfo Parse(string operation, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.GetValueOrDefault("format", "none") is var format && format != Name)
            throw new NeuralinkException(operation, $"an activation sample (metadata format '{Name}')", Quote(format), Advice);
        if (Text("format_version") is var version && version != Version)
        {
            throw new NeuralinkException(
                operation, $"format version {Version}", Quote(version), "delete it, or place the image with a trace again");
        }
        return new ActivationSampleInfo(
            Text("model_digest"), Text("texts"), Number("layer_count", 1 << 12), Number("neuron_count", 1 << 22),
            Number("traced_tokens", int.MaxValue), Number("sampled_tokens", ActivationSample.TokensMax));

        string Text(string key) =>
            metadata.TryGetValue(key, out string? text) ? text : throw new NeuralinkException(operation, $"metadata {key}", "none", Advice);

        int Number(string key, int max) =>
            int.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= max
                ? number
                : throw new NeuralinkException(operation, $"metadata {key} in 1..{max}", Quote(Text(key)), Advice);
    }

    /// <summary>Checks that the tensors are those that the metadata call for.</summary>
    /// <exception cref="NeuralinkException">One is not there or not of its shape, or there is one too many.</exception>
    public static void Check(string operation, ActivationSampleInfo info, IReadOnlyDictionary<string, TensorInfo> tensors)
    {
        if (tensors.Count != 2 * info.LayerCount)
            throw new NeuralinkException(operation, $"{2 * info.LayerCount} tensors", $"{tensors.Count}", Advice);
        foreach (TensorDeclaration declared in Tensors(info))
        {
            string expected = $"tensor {declared.Name} of {declared.Dtype} [{string.Join(", ", declared.Shape)}]";
            if (!tensors.TryGetValue(declared.Name, out TensorInfo? tensor))
                throw new NeuralinkException(operation, expected, "no such tensor", Advice);
            if (tensor.Dtype != declared.Dtype || !tensor.Shape.SequenceEqual(declared.Shape))
                throw new NeuralinkException(operation, expected, $"{tensor.Dtype} {tensor.ShapeText}", Advice);
        }
    }

    /// <summary>Checks a layer's values.</summary>
    /// <exception cref="NeuralinkException">A neuron fired more often than there are tokens, or there is a bit
    /// beyond the last neuron.</exception>
    public static void Check(string operation, ActivationSampleInfo info, int layer, ReadOnlySpan<int> counts, ReadOnlySpan<ulong> words)
    {
        foreach (int count in counts)
        {
            if (count < 0 || count > info.TracedTokens)
                throw new NeuralinkException(operation, $"counts of 0 to {info.TracedTokens}", $"{count} in layer {layer}", Advice);
        }
        int used = info.NeuronCount % 64, rowWords = words.Length / info.SampledTokens;
        for (int token = 0; used != 0 && token < info.SampledTokens; token++)
        {
            if (words[((token + 1) * rowWords) - 1] >> used != 0)
            {
                throw new NeuralinkException(
                    operation, $"zeros beyond neuron {info.NeuronCount - 1}", $"bits set in layer {layer}, token {token}", Advice);
            }
        }
    }

    // A file may hold anything in a text; in a message it stays short.
    private static string Quote(string text) => $"'{(text.Length <= 40 ? text : text[..40])}'";
}
