using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Packing;

/// <summary>
/// Turns a Hugging Face folder into a flash image (docs/file-format.md). Everything is written into a temporary folder beside the
/// destination, synced, and renamed, so that there is a whole image or none. Holds one layer's FFN in memory plus a constant.
/// </summary>
public sealed class ModelPacker
{
    private readonly HuggingFaceFolder _source;
    private readonly string _folder;
    private readonly WeightFormat _format;
    private readonly BundleLayout _layout;
    private readonly IProgress<PackProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<string, FileManifest> _files = new(StringComparer.Ordinal);
    private readonly long _totalBytes;
    private string _stage = "";
    private long _doneBytes;

    private ModelPacker(HuggingFaceFolder source, string folder, WeightFormat format, IProgress<PackProgress>? progress, CancellationToken cancellation)
    {
        _source = source;
        _folder = folder;
        _format = format;
        _progress = progress;
        _cancellation = cancellation;
        _layout = new BundleLayout(format, Config.HiddenSize, Config.Gated, Config.FfnBias);
        _totalBytes = TensorCatalog.All(Config).Where(s => s.Place != TensorPlace.Neurons).Sum(s => Declare(s).LengthBytes)
            + ((long)Config.LayerCount * Config.FfnSize * _layout.StrideBytes);
    }

    private ModelConfig Config => _source.Config;

    /// <summary>Packs <paramref name="sourceFolder"/> into <paramref name="destination"/>.</summary>
    /// <exception cref="NeuralinkException">The source is not usable, or the destination cannot be written; nothing is left behind.</exception>
    public static void Pack(
        string sourceFolder, string destination, PackOptions options, IProgress<PackProgress>? progress = null, CancellationToken cancellation = default)
    {
        using HuggingFaceFolder source = HuggingFaceFolder.Open(sourceFolder);
        CheckTokenizer(source);
        using AtomicFolder folder = new(destination, options.Replace);
        ModelPacker packer = new(source, folder.Path, options.Weights ?? source.SourceFormat, progress, cancellation);
        packer.WriteTensors(ImageFiles.Resident, TensorPlace.Resident);
        packer.WriteTensors(ImageFiles.Predictor, TensorPlace.Predictor);
        packer.WriteNeurons();
        packer.WritePlacement();
        packer.CopyTokenizer();
        packer.WriteManifest();
        folder.Commit();
    }

    private static void CheckTokenizer(HuggingFaceFolder source)
    {
        int tokens = Tokenizer.Load(source.TokenizerPath).VocabularySize;
        if (tokens > source.Config.VocabularySize)
        {
            throw new NeuralinkException(
                $"use {source.TokenizerPath}", $"at most {source.Config.VocabularySize} tokens, as config.json has it", $"{tokens}", "tokenizer and weights belong to different models");
        }
    }

    private TensorDeclaration Declare(TensorSpec spec) => spec.IsVector
        ? new TensorDeclaration(spec.Name, SafetensorsDtype.F32, [spec.Rows])
        : new TensorDeclaration(spec.Name, WeightFormats.ToDtype(_format), [spec.Rows, spec.Columns]);

    private void WriteTensors(string fileName, TensorPlace place)
    {
        _stage = fileName;
        TensorSpec[] specs = [.. TensorCatalog.All(Config).Where(s => s.Place == place)];
        using SafetensorsWriter writer = SafetensorsWriter.Create(PathOf(fileName), [.. specs.Select(Declare)]);
        foreach (TensorSpec spec in specs)
        {
            TensorReader.ReadRows(_source, spec, spec.IsVector ? WeightFormat.F32 : _format, (_, _, rows) =>
            {
                writer.Write(spec.Name, rows);
                Advance(rows.Length);
            });
        }
        Complete(fileName, writer);
    }

    private void WriteNeurons()
    {
        _stage = ImageFiles.Neurons;
        TensorDeclaration[] tensors = EachLayer(i => new(ImageFiles.NeuronsTensor(i), SafetensorsDtype.U8, [Config.FfnSize, _layout.StrideBytes]));
        using SafetensorsWriter writer = SafetensorsWriter.Create(PathOf(ImageFiles.Neurons), tensors, dataAlignmentBytes: ImageFiles.NeuronsAlignmentBytes);
        LayerBundles bundles = new(_source, _layout);
        for (int layer = 0; layer < tensors.Length; layer++)
        {
            bundles.Load(layer);
            for (int begin = 0; begin < Config.FfnSize; begin += LayerBundles.BlockNeurons)
            {
                ReadOnlySpan<byte> block = bundles.Block(begin, Math.Min(begin + LayerBundles.BlockNeurons, Config.FfnSize));
                writer.Write(tensors[layer].Name, block);
                Advance(block.Length);
            }
        }
        Complete(ImageFiles.Neurons, writer);
    }

    private void WritePlacement()
    {
        TensorDeclaration[] tensors = EachLayer(i => new(ImageFiles.PlacementTensor(i), SafetensorsDtype.I32, [Config.FfnSize]));
        using SafetensorsWriter writer = SafetensorsWriter.Create(PathOf(ImageFiles.Placement), tensors);
        ReadOnlySpan<int> order = Permutation.Identity(Config.FfnSize).NeuronOfSlot;
        foreach (TensorDeclaration tensor in tensors)
            writer.Write(tensor.Name, MemoryMarshal.AsBytes(order));
        Complete(ImageFiles.Placement, writer);
    }

    private void CopyTokenizer()
    {
        byte[] bytes = File.ReadAllBytes(_source.TokenizerPath);
        SyncedFile.Write(PathOf(ImageFiles.Tokenizer), bytes);
        _files[ImageFiles.Tokenizer] = new FileManifest(bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private void WriteManifest()
    {
        ImageManifest manifest = new()
        {
            Format = ImageManifest.FormatName,
            FormatVersion = ImageManifest.CurrentVersion,
            WrittenBy = $"neuralink {typeof(ModelPacker).Assembly.GetName().Version?.ToString(3)}",
            Model = ModelConfigJson.Write(Config),
            Weights = WeightFormats.NameOf(_format),
            LayerCount = Config.LayerCount,
            SlotCount = Config.FfnSize,
            Bundle = new BundleManifest(_layout.StrideBytes, _layout.PayloadBytes, _layout.Gated, _layout.Biased),
            Placement = new PlacementManifest("identity"),
            Predictor = "exact",
            Files = _files,
        };
        SyncedFile.Write(PathOf(ImageManifest.FileName), JsonSerializer.SerializeToUtf8Bytes(manifest, ImageManifestJson.Default.ImageManifest));
    }

    private TensorDeclaration[] EachLayer(Func<int, TensorDeclaration> declare) => [.. Enumerable.Range(0, Config.LayerCount).Select(declare)];

    private void Complete(string fileName, SafetensorsWriter writer)
    {
        string digest = writer.Complete();
        _files[fileName] = new FileManifest(new FileInfo(PathOf(fileName)).Length, digest);
    }

    private void Advance(int bytes)
    {
        _cancellation.ThrowIfCancellationRequested();
        _doneBytes += bytes;
        _progress?.Report(new PackProgress(_stage, _doneBytes, _totalBytes));
    }

    private string PathOf(string fileName) => Path.Combine(_folder, fileName);
}
