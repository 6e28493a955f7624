using System.Runtime.InteropServices;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Safetensors;
using Neuralink.Storage.Traces;

namespace Neuralink.Storage.Image;

/// <summary>
/// What an image knows of how its neurons fire (docs/formats/activation-sample.md): how often each fired in the trace that it was
/// placed by, and the rows of a few consecutive tokens. An optional file beside the image's own; it goes by neuron, so a
/// later placement leaves it as it is.
/// </summary>
public sealed class ActivationSample
{
    /// <summary>Its file in the image.</summary>
    public const string FileName = "firing-sample.safetensors";

    /// <summary>
    /// The most tokens whose rows are kept: a window of `neuralink trace`, a text long enough to fill caches and judge them.
    /// </summary>
    public const int TokensMax = 256;

    /// <param name="info">What it is of; the same as of a trace of <paramref name="counts"/>' tokens.</param>
    /// <param name="counts">For each layer the tokens of the whole trace at which each neuron fired, [neurons].</param>
    /// <param name="layers">For each layer the rows of the same few tokens, 1 to <see cref="TokensMax"/>.</param>
    /// <exception cref="ArgumentException">Layers are missing or of different shapes.</exception>
    public ActivationSample(ActivationSampleInfo info, IReadOnlyList<int[]> counts, IReadOnlyList<ActivationMatrix> layers)
    {
        if (counts.Count != info.LayerCount || counts.Any(c => c.Length != info.NeuronCount))
            throw new ArgumentException($"{info.LayerCount} layers of {info.NeuronCount} counts expected.", nameof(counts));
        if (layers.Count != info.LayerCount || layers.Any(l => l.NeuronCount != info.NeuronCount || l.TokenCount != info.SampledTokens))
        {
            throw new ArgumentException(
                $"{info.LayerCount} layers of {info.SampledTokens} rows of {info.NeuronCount} neurons expected.", nameof(layers));
        }
        Info = info;
        Counts = counts;
        Layers = layers;
    }

    /// <summary>What it says about itself.</summary>
    public ActivationSampleInfo Info { get; }

    /// <summary>For each layer the tokens of the whole trace at which each neuron fired, [neurons].</summary>
    public IReadOnlyList<int[]> Counts { get; }

    /// <summary>For each layer the rows of consecutive tokens, [sampled tokens, neurons].</summary>
    public IReadOnlyList<ActivationMatrix> Layers { get; }

    /// <summary>The most neurons of a layer that fired at one of the tokens whose rows are kept.</summary>
    public int ActiveMost => Layers.Max(layer => Enumerable.Range(0, layer.TokenCount).Max(layer.ActiveCountOf));

    /// <summary>Which tokens of a trace are kept: a whole window in its middle where there is one.</summary>
    /// <param name="tokenCount">Tokens of the trace.</param>
    public static (int Begin, int End) RangeOf(int tokenCount)
    {
        int begin = tokenCount / 2 / TokensMax * TokensMax;
        return (begin, Math.Min(begin + TokensMax, tokenCount));
    }

    /// <summary>The sample of <paramref name="image"/>, or null where it has none.</summary>
    /// <exception cref="NeuralinkException">There is one, and it is damaged or of another model.</exception>
    public static ActivationSample? Find(FlashImage image)
    {
        string path = image.PathOf(FileName);
        if (!File.Exists(path))
            return null;
        ActivationSample sample = Open(path);
        sample.Info.ExpectModel(path, image);
        return sample;
    }

    /// <summary>Reads and checks a sample.</summary>
    /// <exception cref="NeuralinkException">It cannot be read, is no sample, of another version, or damaged.</exception>
    public static ActivationSample Open(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        string operation = $"open {path}";
        ActivationSampleInfo info = ActivationSampleFormat.Parse(operation, file.Metadata);
        ActivationSampleFormat.Check(operation, info, file.Tensors);
        int[][] counts = new int[info.LayerCount][];
        ActivationMatrix[] layers = new ActivationMatrix[info.LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            counts[layer] = new int[info.NeuronCount];
            file.Read(file.Tensors[ActivationSampleFormat.CountsTensor(layer)], 0, MemoryMarshal.AsBytes(counts[layer].AsSpan()));
            ulong[] words = new ulong[info.SampledTokens * ActivationMatrix.WordsPerTokenOf(info.NeuronCount)];
            file.Read(file.Tensors[ActivationSampleFormat.ActiveTensor(layer)], 0, MemoryMarshal.AsBytes(words.AsSpan()));
            ActivationSampleFormat.Check(operation, info, layer, counts[layer], words);
            layers[layer] = new ActivationMatrix(info.NeuronCount, words);
        }
        return new ActivationSample(info, counts, layers);
    }

    /// <summary>Writes the sample; there is the old file or the new one at every moment.</summary>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void Write(string path)
    {
        string temporary = $"{path}.tmp-{Path.GetRandomFileName()}";
        try
        {
            using (SafetensorsWriter writer = SafetensorsWriter.Create(
                temporary, ActivationSampleFormat.Tensors(Info), ActivationSampleFormat.Metadata(Info)))
            {
                for (int layer = 0; layer < Info.LayerCount; layer++)
                {
                    writer.Write(ActivationSampleFormat.CountsTensor(layer), MemoryMarshal.AsBytes(Counts[layer].AsSpan()));
                    for (int token = 0; token < Info.SampledTokens; token++)
                        writer.Write(ActivationSampleFormat.ActiveTensor(layer), MemoryMarshal.AsBytes(Layers[layer].Token(token)));
                }
                writer.Complete();
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(path, error);
        }
        finally
        {
            File.Delete(temporary);     // there only after a failure
        }
    }
}

/// <summary>What an activation sample says about itself.</summary>
/// <param name="ModelDigest"><see cref="FlashImage.ModelDigest"/> of its model.</param>
/// <param name="Texts">What was traced, for people.</param>
/// <param name="LayerCount">Decoder layers.</param>
/// <param name="NeuronCount">Neurons of each.</param>
/// <param name="TracedTokens">Tokens that the counts are of.</param>
/// <param name="SampledTokens">Tokens whose rows are kept, 1 to <see cref="ActivationSample.TokensMax"/>.</param>
public sealed record ActivationSampleInfo(
    string ModelDigest, string Texts, int LayerCount, int NeuronCount, int TracedTokens, int SampledTokens)
{
    /// <summary>What the sample of a trace says.</summary>
    public static ActivationSampleInfo Of(ActivationTraceInfo trace)
    {
        (int begin, int end) = ActivationSample.RangeOf(trace.TokenCount);
        return new ActivationSampleInfo(trace.ModelDigest, trace.Texts, trace.LayerCount, trace.NeuronCount, trace.TokenCount, end - begin);
    }

    internal void ExpectModel(string path, FlashImage image)
    {
        if (ModelDigest != image.ModelDigest || LayerCount != image.LayerCount || NeuronCount != image.SlotCount)
        {
            throw new NeuralinkException(
                $"use {path}", $"an activation sample of this model, of {image.LayerCount} layers of {image.SlotCount} neurons",
                $"one of another, of {LayerCount} of {NeuronCount}", "delete it, or place the image with a trace of this model");
        }
    }
}
