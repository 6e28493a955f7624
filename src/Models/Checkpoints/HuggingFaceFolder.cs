using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Weights;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;
using Neuralink.Storage.Weights;

namespace Neuralink.Models.Checkpoints;

/// <summary>
/// A Hugging Face model folder: config.json, weights (safetensors, or else PyTorch's own; one file or shards), and the files of a
/// tokenizer.
/// </summary>
internal sealed class HuggingFaceFolder : Checkpoint
{
    private readonly WeightSet _tensors;
    private readonly CheckpointNames _names;
    private readonly PublishedNames _published;

    private HuggingFaceFolder(string path, ModelConfig config, WeightSet tensors)
        : base(path, config)
    {
        _tensors = tensors;
        _published = PublishedModelType.Find(config.ModelType)!.Names;
        _names = new CheckpointNames(path, _published.Layers, [.. tensors.Names, .. tensors.MisplacedNames]);
    }

    /// <summary>Whether <paramref name="path"/> is such a folder.</summary>
    public static bool IsFolder(string path) => File.Exists(Path.Combine(path, HuggingFaceFiles.Config));

    /// <inheritdoc cref="Checkpoint.Open"/>
    public static HuggingFaceFolder OpenFolder(string path, Action<string>? note, Activation? activation = null)
    {
        ModelConfig config = HuggingFaceConfig.Read(path, note);
        if (activation is { } stated && stated != config.ActivationOf(0))
        {
            config = config with { Activation = stated.Kind, ActivationThreshold = stated.Threshold };
            config.Validate(path);
            note?.Invoke(
                $"{path}: computed with {ActivationNames.NameOf(stated.Kind, stated.Threshold)}, as --activation states, whatever "
                + $"{HuggingFaceFiles.Config} says");
        }
        HuggingFaceFolder folder = new(path, config, WeightSet.Open(path, note));
        try
        {
            if (SharedFfn.IsIn(folder, name => folder._names.Find(folder._published.Find(config, name).Name) is not null))
                folder = new HuggingFaceFolder(path, config = config with { SharedFfn = true }, folder._tensors);
            new CheckpointReview(config, folder, folder._tensors.Names, folder._names, folder._published).Run(note);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
        return folder;
    }

    public override SourceTensor Get(string name)
    {
        PublishedTensor published = _published.Find(Config, name);
        SourceTensor whole = SourceTensor.Of(Whole(published));
        return published.Rows is { } rows ? rows.PartOf(whole, name) : whole with { Name = name };
    }

    public override void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination)
    {
        PublishedTensor published = _published.Find(Config, tensor.Name);
        TensorInfo whole = Whole(published);
        if (published.Rows is { } rows)
            rows.Read(whole.LengthBytes, offsetBytes, destination, (at, piece) => _tensors.Read(whole, at, piece));
        else
            _tensors.Read(whole, offsetBytes, destination);
    }

    public override void RequireTokenizer() => TokenizerFiles.Find(Location);

    public override Tokenizer LoadTokenizer() => Tokenizer.Load(Location);

    internal override void WriteTokenizer(ImageWriter writer)
    {
        foreach (string file in TokenizerFiles.Find(Location))
            writer.CopyFile(Path.Combine(Location, file), file);
    }

    private TensorInfo Whole(PublishedTensor published) => _tensors.Get(_names.Find(published.Name) ?? published.Name);

    public override void Dispose() => _tensors.Dispose();
}
