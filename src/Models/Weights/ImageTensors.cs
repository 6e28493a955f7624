using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Weights;

/// <summary>The tensors of one of an image's files, read once, front to back, while what comes next is on its way from flash.</summary>
public sealed class ImageTensors : ITensorSource
{
    private readonly StreamedTensors _tensors;
    private readonly ModelFormats _formats;

    private ImageTensors(StreamedTensors tensors, ModelFormats formats) => (_tensors, _formats) = (tensors, formats);

    /// <inheritdoc/>
    public string Location => _tensors.Path;

    /// <summary>Reads predictor.safetensors and checks its digest.</summary>
    /// <param name="model">The model.</param>
    /// <param name="io">How to read.</param>
    /// <param name="use">Reads tensors, in the file's order; what it makes of them counts only when this has returned.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="NeuralinkException">The file is not the one that was packed, or cannot be used.</exception>
    public static T ReadPredictor<T>(ImageModel model, FlashAccess io, Func<ITensorSource, T> use, CancellationToken cancellation)
    {
        using StreamedTensors tensors = StreamedTensors.Open(
            model.Image, ImageFiles.Predictor, io, TimeProvider.System, cancellation);
        T result;
        try
        {
            result = use(new ImageTensors(tensors, model.Formats));
        }
        catch (NeuralinkException)
        {
            tensors.CheckDigest();      // what is wrong with damaged bytes is the damage
            throw;
        }
        tensors.CheckDigest();
        return result;
    }

    /// <inheritdoc/>
    public SourceTensor Get(string name) => _tensors.Tensors.TryGetValue(name, out TensorInfo? tensor)
        ? SourceTensor.Of(tensor, _formats, TensorPlace.Predictor)
        : throw new NeuralinkException($"open {Location}", $"tensor {name}", "no such tensor", "pack the model again");

    /// <inheritdoc/>
    public void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination) =>
        _tensors.Read(_tensors.Tensors[tensor.Name], offsetBytes, destination);
}
