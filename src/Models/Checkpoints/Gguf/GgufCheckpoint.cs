using System.Collections.Immutable;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.Gguf;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;
using Neuralink.Storage.Image;

namespace Neuralink.Models.Checkpoints.Gguf;

/// <summary>A GGUF file, or the parts of one, as llama.cpp's converters write them: weights, configuration and tokenizer.</summary>
internal sealed class GgufCheckpoint : Checkpoint
{
    // Tables that the configuration has taken over, and what chooses the only expert.
    private static readonly string[] s_withoutUse = ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"];

    private const string ThresholdKey = "powerinfer.sparse_threshold";

    private readonly GgufSet _file;
    private readonly PublishedNames _names;

    private GgufCheckpoint(GgufSet file, GgufArchitecture architecture, ModelConfig config)
        : base(file.Path, config)
    {
        _file = file;
        _names = architecture.Name == "phi2" && file.Find("blk.0.attn_qkv.weight") is null ? GgufNames.Plain : architecture.Names;
    }

    /// <inheritdoc cref="Checkpoint.Open"/>
    public static GgufCheckpoint OpenFile(string path, Action<string>? note, Activation? activation)
    {
        GgufSet file = GgufSet.Open(path);
        try
        {
            GgufArchitecture architecture = GgufArchitecture.Of(file);
            GgufCheckpoint checkpoint = new(file, architecture, GgufConfig.Read(file, architecture, activation, note));
            string[] names =
            [
                .. file.Names.Except(s_withoutUse, StringComparer.Ordinal)
                    .Where(name => !IsRouter(name, architecture) && !(file.IsPowerInfer && IsPredictor(name))),
            ];
            CheckpointNames found = new(path, GgufNames.Plain.Layers, names);
            new CheckpointReview(checkpoint.Config, checkpoint, names, found, checkpoint._names).Run(note);
            _ = checkpoint.Predictors;         // those that are not of the model's shape are refused here
            checkpoint.SayWhatIsRounded(note);
            return checkpoint;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override SourceTensor Get(string name)
    {
        PublishedTensor published = _names.Find(Config, name);
        SourceTensor whole = Describe(Whole(published));
        return published.Rows is { } rows ? rows.PartOf(whole, name) : whole with { Name = name };
    }

    public override void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination)
    {
        PublishedTensor published = _names.Find(Config, tensor.Name);
        GgufTensor whole = Whole(published);
        if (published.Rows is { } rows)
            rows.Read(whole.LengthBytes, offsetBytes, destination, (at, piece) => _file.Read(whole, at, piece));
        else
            _file.Read(whole, offsetBytes, destination);
    }

    public override void RequireTokenizer() => _ = new GgufVocabulary(_file.Metadata);

    public override Tokenizer LoadTokenizer() => new(GgufTokenizerReader.Read(_file.Metadata));

    internal override void WriteTokenizer(ImageWriter writer) =>
        writer.WriteFile(TokenizerFiles.Gguf, path => GgufTokenizerReader.CopyTokenizer(_file.Metadata, path));

    /// <summary>PowerInfer's predictors are in the file.</summary>
    internal override PublishedPredictors? Predictors => !_file.IsPowerInfer ? null : PublishedPredictors.Find(
        this, layer => $"blk.{layer}", name => _file.Find(name) is { } tensor ? Describe(tensor) : null,
        _file.Metadata.Number(ThresholdKey) ?? 0);

    public override void Dispose() => _file.Dispose();

    private static bool IsPredictor(string name) =>
        name.EndsWith(".fc1.weight", StringComparison.Ordinal) || name.EndsWith(".fc2.weight", StringComparison.Ordinal);

    private static bool IsRouter(string name, GgufArchitecture architecture) =>
        architecture.HasOneExpert && name.EndsWith(".ffn_gate_inp.weight", StringComparison.Ordinal);

    // The only expert's matrices have a dimension for the experts.
    private SourceTensor Describe(GgufTensor tensor)
    {
        ImmutableArray<long> shape = tensor.Shape is [1, _, _] ? tensor.Shape.RemoveAt(0) : tensor.Shape;
        if (shape.Length == 1 && tensor.Type.BlockElements > 1)
        {
            throw new NeuralinkException(
                $"use {Location}", $"tensor {tensor.Name}, a vector, as F32, F16 or BF16", tensor.Type.Name, "the file is damaged");
        }
        SourceTensor described = new(tensor.Name, GgufElementTypes.Of(tensor.Type), shape, tensor.LengthBytes);
        return shape.Length == 2 && tensor.Name.EndsWith($"{GgufNames.TransposedDown}.weight", StringComparison.Ordinal)
            ? described with { Shape = [shape[1], shape[0]], IsTransposed = true }
            : described;
    }

    private GgufTensor Whole(PublishedTensor published) => _file.Find(published.Name) ?? throw new NeuralinkException(
        $"load the weights of {Location}", $"a tensor '{published.Name}'", $"none among {_file.Names.Count}");

    private void SayWhatIsRounded(Action<string>? note)
    {
        string[] others =
        [
            .. TensorCatalog.All(Config).Where(spec => !spec.IsVector).Select(spec => Get(spec.Name).Type)
                .Where(type => type.Format is null).Select(type => type.Name).Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
        if (others.Length > 0)
        {
            note?.Invoke(
                $"{Location}: weights of {string.Join(" and ", others)} are rounded to q8_0 unless --weights says otherwise; "
                + "--weights f32 keeps every bit");
        }
    }
}
