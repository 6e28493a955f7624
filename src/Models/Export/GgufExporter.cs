using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.ChatTemplates;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Checkpoints.Gguf;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers.Gguf;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Export;

/// <summary>
/// Writes a model as a GGUF file that llama.cpp runs with the same result. Holds one matrix in memory. The file appears whole or not at
/// all.
/// </summary>
public sealed class GgufExporter
{
    private readonly Checkpoint _source;
    private readonly GgufArchitecture _target;
    private readonly ExportFormats _formats;
    private readonly Action<string>? _note;
    private readonly IProgress<double>? _progress;
    private readonly CancellationToken _cancellation;
    private long _doneBytes;

    private GgufExporter(
        Checkpoint source, WeightFormat? weights, Action<string>? note, IProgress<double>? progress, CancellationToken cancellation)
    {
        _source = source;
        _note = note;
        _target = GgufTarget.Of(source.Config, source.Location);
        _formats = new ExportFormats(source, weights);
        _progress = progress;
        _cancellation = cancellation;
    }

    // llama.cpp has an FFN a layer, and no output matrix that is the embedding in all architectures.
    private ModelConfig Config => _source.Config with
    {
        SharedFfn = false,
        TiedEmbedding = _source.Config.TiedEmbedding && _target.Name != "nemotron",
    };

    /// <summary>Writes the model.</summary>
    /// <param name="source">The model, in whatever form.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="name">The model's name.</param>
    /// <param name="weights">The format of its matrices; null is the source's own, as far as a file can have it.</param>
    /// <param name="replace">Whether a file that is there is replaced, in the end, by the new one.</param>
    /// <param name="note">Takes, a line each, what a user should know.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellation">Ends it; nothing of it stays.</param>
    /// <returns>The architecture that it was written as.</returns>
    /// <exception cref="NeuralinkException">llama.cpp cannot run the model, or the file cannot be written.</exception>
    public static string Write(
        Checkpoint source, string path, string name, WeightFormat? weights = null, bool replace = false, Action<string>? note = null,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        GgufExporter exporter = new(source, weights, note, progress, cancellation);
        AtomicFile.Write(path, replace, temporary => exporter.Write(temporary, name));
        return exporter._target.Name;
    }

    private void Write(string path, string name)
    {
        ExportedTensor[] tensors = [.. ExportedTensor.All(Config, _source.Config, _target)];
        (string Name, float[] Values)[] extra = [.. GgufModelKeys.Divisors(Config), .. Routers()];
        KeyValuePair<string, GgufValue>[] keys =
        [
            .. GgufModelKeys.Of(Config, _target, name, _formats.FileType),
            .. GgufTokenizerKeys.Of(_source.LoadTokenizer(), Config.VocabularySize, Config.EndTokens, _source.Location, _note),
            .. ChatTemplateFiles.TextOf(_source.Location) is { } template
                ? [new(GgufVocabulary.ChatTemplateKey, GgufValue.Of(template))]
                : Array.Empty<KeyValuePair<string, GgufValue>>(),
        ];
        GgufDeclaration[] declarations =
        [
            .. tensors.Select(tensor => tensor.Declare(_formats)),
            .. extra.Select(tensor => new GgufDeclaration(tensor.Name, GgufType.F32, ShapeOf(tensor.Name, tensor.Values))),
        ];
        long totalBytes = declarations.Sum(declaration => declaration.LengthBytes);
        using GgufWriter writer = GgufWriter.Create(path, keys, declarations);
        foreach (ExportedTensor tensor in tensors)
        {
            WeightFormat format = tensor.FormatIn(_formats);
            foreach (ExportedPart part in tensor.Parts)
            {
                byte[] bytes = part.Read(_source, format);
                _cancellation.ThrowIfCancellationRequested();
                writer.Write(tensor.Name, bytes);
                _progress?.Report((double)(_doneBytes += bytes.Length) / totalBytes);
            }
        }
        foreach ((string tensor, float[] values) in extra)
            writer.Write(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        writer.Complete();
    }

    // What chooses among one expert makes no difference, and has to be there.
    private IEnumerable<(string Name, float[] Values)> Routers() => !_target.HasOneExpert
        ? []
        : Enumerable.Range(0, Config.LayerCount).Select(i => ($"blk.{i}.ffn_gate_inp.weight", new float[Config.HiddenSize]));

    private static ImmutableArray<long> ShapeOf(string name, float[] values) =>
        name.EndsWith("gate_inp.weight", StringComparison.Ordinal) ? [1, values.Length] : [values.Length];
}
