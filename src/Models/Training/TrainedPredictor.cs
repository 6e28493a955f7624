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
        AtomicFile.Write(path, replace, temporary =>
        {
            using SafetensorsWriter writer = SafetensorsWriter.Create(
                temporary, [.. Tensors().Select(t => t.Declaration)], LowRankFormat.Metadata(Info));
            foreach ((TensorDeclaration declaration, Half[] values) in Tensors())
                writer.Write(declaration.Name, MemoryMarshal.AsBytes<Half>(values));
            writer.Complete();
        });
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
