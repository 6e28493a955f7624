using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Packing;

/// <summary>Writes the predictors of a checkpoint beside the image's own files, as a low-rank predictor of this model.</summary>
/// <param name="source">The checkpoint.</param>
/// <param name="predictors">Its predictors.</param>
internal sealed class PredictorFile(Checkpoint source, PublishedPredictors predictors)
{
    // Of quantised ones too: they are small, and a product in 8 bits would round its input.
    private readonly WeightFormat _format = source.Get(predictors.Layers[0].Fc1).Type.Format switch
    {
        { } format when !WeightKernels.For(format).QuantizesInput => format,
        _ => WeightFormat.F16,
    };

    /// <param name="path">The file to write.</param>
    /// <param name="modelDigest">The model that it is for.</param>
    /// <exception cref="Neuralink.Storage.NeuralinkException">A tensor cannot be read, or the disk is full or fails.</exception>
    public void Write(string path, string modelDigest)
    {
        LowRankInfo info = new()
        {
            ModelDigest = modelDigest,
            ModelName = Path.GetFileNameWithoutExtension(source.Location),
            TrainedOn = "published with the model",
            Weights = _format,
            Depth = 0,
            Input = PredictorInput.Residual,
            HiddenSize = source.Config.HiddenSize,
            NeuronCount = source.Config.FfnSize,
            Layers =
            [
                .. predictors.Layers.Select(layer => new LowRankLayer(layer.Rank, HasBias: false, predictors.Threshold, Figures: null)),
            ],
        };
        using SafetensorsWriter writer = SafetensorsWriter.Create(path, [.. Tensors().Select(Declare)], LowRankFormat.Metadata(info));
        foreach ((string name, TensorSpec spec) in Tensors())
            TensorReader.ReadRows(source, spec, _format, (_, _, rows) => writer.Write(name, rows));
        writer.Complete();
    }

    private TensorDeclaration Declare((string Name, TensorSpec Spec) tensor) =>
        new(tensor.Name, WeightFormats.ToDtype(_format), [tensor.Spec.Rows, tensor.Spec.Columns]);

    private IEnumerable<(string Name, TensorSpec Spec)> Tensors()
    {
        for (int layer = 0; layer < predictors.Layers.Count; layer++)
        {
            (string fc1, string fc2, int rank) = predictors.Layers[layer];
            string module = LowRankFormat.Module(layer);
            yield return ($"{module}.fc1.weight", new TensorSpec(fc1, rank, source.Config.HiddenSize, TensorPlace.Predictor));
            yield return ($"{module}.fc2.weight", new TensorSpec(fc2, source.Config.FfnSize, rank, TensorPlace.Predictor));
        }
    }
}
