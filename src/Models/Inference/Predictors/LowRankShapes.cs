using Neuralink.Kernels;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>Takes the tensors of a predictor's layers one by one, and checks that their shapes are of one model.</summary>
/// <param name="operation">What is being done, for messages.</param>
/// <param name="tensors">All there are.</param>
/// <param name="advice">What the user can do where they contradict each other.</param>
internal sealed class LowRankShapes(string operation, IReadOnlyDictionary<string, TensorInfo> tensors, string advice)
{
    private int _taken;

    /// <summary>d; 0 before the first layer.</summary>
    public int HiddenSize { get; private set; }

    /// <summary>f; 0 before the first layer.</summary>
    public int NeuronCount { get; private set; }

    /// <summary>The first layer's format.</summary>
    public WeightFormat Weights { get; private set; }

    /// <summary>Rank of a module, and whether it has a bias; null where there is no such module.</summary>
    /// <exception cref="NeuralinkException">Its tensors contradict each other or those of the layers before.</exception>
    public (int Rank, bool HasBias)? Take(string module, int sizeMax)
    {
        if (!tensors.TryGetValue($"{module}.fc1.weight", out TensorInfo? fc1))
            return null;
        if (!tensors.TryGetValue($"{module}.fc2.weight", out TensorInfo? fc2))
            throw new NeuralinkException(operation, $"tensor {module}.fc2.weight beside {module}.fc1.weight", "no such tensor", advice);
        if (fc1.Shape.Length != 2 || fc2.Shape.Length != 2 || !fc1.Shape.Concat(fc2.Shape).All(n => n >= 1 && n <= sizeMax))
        {
            throw new NeuralinkException(
                operation, $"tensors {module}.fc1.weight [rank, d] and fc2.weight [neurons, rank]", $"{fc1.ShapeText} and {fc2.ShapeText}",
                advice);
        }
        if (_taken == 0)
            (HiddenSize, NeuronCount, Weights) = ((int)fc1.Shape[1], (int)fc2.Shape[0], FormatOf(fc1));
        long rank = fc1.Shape[0];
        Expect(fc1, rank, HiddenSize);
        Expect(fc2, NeuronCount, rank);
        bool hasBias = tensors.TryGetValue($"{module}.fc2.bias", out TensorInfo? bias);
        if (hasBias)
            Expect(bias!, NeuronCount);
        _taken += hasBias ? 3 : 2;
        return ((int)rank, hasBias);
    }

    /// <summary>Checks that every tensor was taken.</summary>
    /// <exception cref="NeuralinkException">There is another.</exception>
    public void RequireNoOther()
    {
        if (tensors.Count != _taken)
            throw new NeuralinkException(operation, $"{_taken} tensors", $"{tensors.Count}", advice);
    }

    private void Expect(TensorInfo tensor, params long[] shape)
    {
        _ = FormatOf(tensor);
        if (!tensor.Shape.SequenceEqual(shape))
        {
            throw new NeuralinkException(
                operation, $"tensor {tensor.Name} of [{string.Join(", ", shape)}], as the others have it", tensor.ShapeText, advice);
        }
    }

    private WeightFormat FormatOf(TensorInfo tensor) => WeightFormats.IsWeight(tensor.Dtype)
        ? WeightFormats.From(tensor.Dtype)
        : throw new NeuralinkException(operation, $"tensor {tensor.Name} as F16, BF16 or F32", $"{tensor.Dtype}", advice);
}
