using Neuralink.Models.Weights;

namespace Neuralink.Models.Checkpoints;

/// <summary>
/// Low-rank predictors that are published with a model: a layer's logits are fc2 · relu(fc1 · x), and x is the residual before the FFN's
/// norm (PowerInfer, SOSP 2024, section 5).
/// </summary>
/// <param name="Layers">By layer: the names of its fc1 [rank, d] and fc2 [neurons, rank], and the rank.</param>
/// <param name="Threshold">A neuron is predicted where its logit is at least this.</param>
internal sealed record PublishedPredictors(IReadOnlyList<(string Fc1, string Fc2, int Rank)> Layers, float Threshold)
{
    /// <summary>Reads them from a checkpoint that may have them, or gives null where it has none.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="module">What it calls the module of a layer.</param>
    /// <param name="find">Its tensor of a name, or null.</param>
    /// <param name="threshold">As the checkpoint has it.</param>
    /// <exception cref="Storage.NeuralinkException">They are not of the model's shape, or not of all layers.</exception>
    public static PublishedPredictors? Find(
        Checkpoint checkpoint, Func<int, string> module, Func<string, SourceTensor?> find, float threshold)
    {
        int layers = checkpoint.Config.LayerCount, hidden = checkpoint.Config.HiddenSize, neurons = checkpoint.Config.FfnSize;
        if (!Enumerable.Range(0, layers).Any(layer => find(Fc1(layer)) is not null))
            return null;
        return new PublishedPredictors([.. Enumerable.Range(0, layers).Select(Layer)], threshold);

        string Fc1(int layer) => $"{module(layer)}.fc1.weight";

        (string Fc1, string Fc2, int Rank) Layer(int layer)
        {
            (string fc1, string fc2) = (Fc1(layer), $"{module(layer)}.fc2.weight");
            if (find(fc1) is not { Shape: [> 0 and <= int.MaxValue and var rank, var width], Type.IsWeight: true } || width != hidden)
                throw Refuse(fc1, $"[rank, {hidden}]", find(fc1));
            if (find(fc2) is not { Shape: [var rows, var columns], Type.IsWeight: true } || rows != neurons || columns != rank)
                throw Refuse(fc2, $"[{neurons}, {rank}]", find(fc2));
            return (fc1, fc2, (int)rank);
        }

        Storage.NeuralinkException Refuse(string name, string shape, SourceTensor? found) => new(
            $"use {checkpoint.Location}", $"a predictor's tensor {name} of shape {shape}",
            found is null ? "no such tensor" : $"{found.Type.Name} {found.ShapeText}",
            "the file is damaged, or its predictors are another model's");
    }
}
