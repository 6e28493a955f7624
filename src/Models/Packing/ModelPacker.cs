using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Models.Packing;

/// <summary>
/// Turns a checkpoint into a flash image (docs/formats/flash-image.md). Everything is written into a temporary folder beside the
/// destination, synced, and renamed, so that there is a whole image or none. Holds one layer's FFN in memory plus a constant.
/// </summary>
public sealed class ModelPacker
{
    private readonly Checkpoint _source;
    private readonly ModelFormats _formats;
    private readonly BundleLayout _layout;
    private readonly IProgress<PackProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly long _totalBytes;
    private string _stage = "";
    private long _doneBytes;

    private ModelPacker(Checkpoint source, ModelFormats formats, IProgress<PackProgress>? progress, CancellationToken cancellation)
    {
        _source = source;
        _formats = formats;
        _progress = progress;
        _cancellation = cancellation;
        _layout = new BundleLayout(formats.Bundles, Config.HiddenSize, Config.Gated, Config.FfnBias);
        _totalBytes = WeightLayout.Of(Config, formats, TensorPlace.Resident).DataBytes
            + WeightLayout.Of(Config, formats, TensorPlace.Predictor).DataBytes
            + ((long)Config.FfnCount * Config.FfnSize * _layout.StrideBytes);
    }

    private ModelConfig Config => _source.Config;

    private ImageContents Contents => new(
        ModelConfigJson.Write(Config), _formats.ToManifest(), Config.LayerCount, Config.FfnCount, Config.FfnSize,
        new BundleManifest(_layout.StrideBytes, _layout.PayloadBytes, _layout.Gated, _layout.Biased), Predictor: "exact");

    /// <summary>Packs <paramref name="source"/> into <paramref name="destination"/>.</summary>
    /// <exception cref="NeuralinkException">The source is not usable, or the destination cannot be written;
    /// nothing is left behind.</exception>
    public static void Pack(
        Checkpoint source, string destination, PackOptions options, IProgress<PackProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        CheckTokenizer(source);
        ModelPacker packer = new(source, (options.Formats ?? new FormatChoice()).For(source), progress, cancellation);
        using ImageWriter writer = new(destination, packer.Contents, packer._totalBytes, options.Replace);
        packer.WriteTensors(writer, ImageFiles.Resident, TensorPlace.Resident);
        packer.WriteTensors(writer, ImageFiles.Predictor, TensorPlace.Predictor);
        packer.WriteNeurons(writer);
        Permutation identity = Permutation.Identity(source.Config.FfnSize);
        writer.WritePlacement(_ => identity);
        source.WriteTokenizer(writer);
        if (source.Predictors is { } predictors)
            writer.WriteExtra(LowRankFile.NameOf(0), (path, digest) => new PredictorFile(source, predictors).Write(path, digest));
        writer.Commit(PlacementManifest.Identity);
    }

    /// <summary>
    /// Checks that the checkpoint has a tokenizer that can be used with its model. Tokens that were added to it may lie beyond the model's
    /// embedding: they cost nothing until a text names one.
    /// </summary>
    /// <exception cref="NeuralinkException">It has none, or one that is not supported or another model's.</exception>
    public static void CheckTokenizer(Checkpoint source)
    {
        int tokens = source.LoadTokenizer().TextVocabularySize;
        if (tokens > source.Config.VocabularySize)
        {
            throw new NeuralinkException(
                $"use the tokenizer of {source.Location}", $"at most {source.Config.VocabularySize} tokens, as config.json has it",
                $"{tokens}",
                "tokenizer and weights belong to different models");
        }
    }

    private void WriteTensors(ImageWriter writer, string fileName, TensorPlace place)
    {
        _stage = fileName;
        WeightLayout layout = WeightLayout.Of(Config, _formats, place);
        writer.WriteTensors(
            fileName, [.. layout.Declarations],
            tensors =>
            {
                foreach (LaidTensor tensor in layout.Tensors)
                    Write(tensor, piece =>
                    {
                        tensors.Write(tensor.Declaration.Name, piece);
                        Advance(piece.Length);
                    });
            },
            ImageFiles.DataAlignmentBytes);
    }

    private void Write(LaidTensor tensor, Action<ReadOnlySpan<byte>> write)
    {
        if (tensor.Spec is { } spec)
            TensorReader.ReadRows(_source, spec, _formats.Of(spec), (_, _, rows) => write(rows));
        else
            write(new byte[tensor.Declaration.LengthBytes]);
    }

    private void WriteNeurons(ImageWriter writer)
    {
        _stage = ImageFiles.Neurons;
        LayerBundles bundles = new(_source, _layout);
        writer.WriteNeurons((layer, write) =>
        {
            bundles.Load(layer.Value);
            for (int begin = 0; begin < Config.FfnSize; begin += LayerBundles.BlockNeurons)
            {
                ReadOnlySpan<byte> block = bundles.Block(begin, Math.Min(begin + LayerBundles.BlockNeurons, Config.FfnSize));
                write(block);
                Advance(block.Length);
            }
        });
    }

    private void Advance(int bytes)
    {
        _cancellation.ThrowIfCancellationRequested();
        _doneBytes += bytes;
        _progress?.Report(new PackProgress(_stage, _doneBytes, _totalBytes));
    }
}
