using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Weights;

/// <summary>One safetensors file of a flash image, its digest checked.</summary>
public sealed class ImageTensors : ITensorSource, IDisposable
{
    private readonly SafetensorsFile _file;

    private ImageTensors(SafetensorsFile file) => _file = file;

    public string Location => _file.Path;

    /// <exception cref="NeuralinkException">The file is not the one that was packed.</exception>
    public static ImageTensors Open(FlashImage image, string fileName)
    {
        ImageVerifier.VerifyFile(image, fileName);
        return new ImageTensors(SafetensorsFile.Open(image.PathOf(fileName)));
    }

    public TensorInfo Get(string name) => _file.Tensors.TryGetValue(name, out TensorInfo? tensor)
        ? tensor
        : throw new NeuralinkException($"open {_file.Path}", $"tensor {name}", "no such tensor", "pack the model again");

    public void Read(TensorInfo tensor, long offsetBytes, Span<byte> destination) => _file.Read(tensor, offsetBytes, destination);

    public void Dispose() => _file.Dispose();
}
