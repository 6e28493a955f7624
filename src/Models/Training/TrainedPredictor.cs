using System.Runtime.InteropServices;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Storage;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Training;

/// <summary>A predictor that has been trained and not been written yet.</summary>
public sealed class TrainedPredictor
{
    private readonly TrainedLayer?[] _layers;

    internal TrainedPredictor(LowRankInfo info, TrainedLayer?[] layers)
    {
        Info = info;
        _layers = layers;
    }

    /// <summary>What its file will say about itself.</summary>
    public LowRankInfo Info { get; }

    /// <summary>Whether a predicted layer has the wanted recall within the wanted share; true of layers without a predictor.</summary>
    public bool IsEnough(int layer) => _layers[layer]?.IsEnough ?? true;

    /// <summary>Writes the file: there is a whole one or none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Whether it may exist.</param>
    /// <exception cref="NeuralinkException">It exists and may not, or the disk is full or fails.</exception>
    public void Write(string path, bool replace)
    {
        CheckName(path, replace);
        string temporary = $"{path}.tmp-{Path.GetRandomFileName()}";
        try
        {
            using (SafetensorsWriter writer = SafetensorsWriter.Create(
                temporary, [.. Tensors().Select(t => t.Declaration)], LowRankFormat.Metadata(Info)))
            {
                foreach ((TensorDeclaration declaration, Half[] values) in Tensors())
                    writer.Write(declaration.Name, MemoryMarshal.AsBytes<Half>(values));
                writer.Complete();
            }
            File.Move(temporary, path, replace);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"write {path}", expected: null, error.Message, inner: error);
        }
        finally
        {
            File.Delete(temporary);     // there only after a failure
        }
    }

    /// <summary>
    /// Whether a predictor may be written at <paramref name="path"/>, for whoever has long work to do before <see cref="Write"/>.
    /// </summary>
    /// <exception cref="NeuralinkException">It may not: a folder is there, or a file that is not to be replaced, or there
    /// is no folder for it.</exception>
    public static void CheckName(string path, bool replace)
    {
        string operation = $"write {path}";
        if (Directory.Exists(path))
            throw new NeuralinkException(operation, "the name of a file", "a folder", "choose another name");
        if (!replace && File.Exists(path))
        {
            throw new NeuralinkException(
                operation, "no such file", "it exists", "choose another name with --output, or replace it with --force");
        }
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new NeuralinkException(operation, $"the folder {folder}", "no such folder", "make it, or choose another name");
    }

    private IEnumerable<(TensorDeclaration Declaration, Half[] Values)> Tensors()
    {
        foreach (TrainedLayer layer in _layers.OfType<TrainedLayer>())
        {
            string module = LowRankFormat.Module(layer.Layer);
            yield return (Declare($"{module}.fc1.weight", layer.Rank, Info.HiddenSize), layer.Weights.Fc1);
            yield return (Declare($"{module}.fc2.weight", Info.NeuronCount, layer.Rank), layer.Weights.Fc2);
            yield return (Declare($"{module}.fc2.bias", Info.NeuronCount), layer.Weights.Bias);
        }

        static TensorDeclaration Declare(string name, params ReadOnlySpan<long> shape) => new(name, SafetensorsDtype.F16, [.. shape]);
    }
}
