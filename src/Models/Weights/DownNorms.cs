using System.Runtime.InteropServices;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Weights;

/// <summary>
/// norms.safetensors of a calibrated image without gates: the norm of each neuron's down column, in the model's order, [neurons] F32 a
/// layer. By them the predictor knows what the bundles' own kernels decide.
/// </summary>
public static class DownNorms
{
    /// <summary>The norms, [layer][neuron]; null where the model needs none.</summary>
    /// <exception cref="NeuralinkException">The file is missing or damaged.</exception>
    public static float[][]? Find(FlashImage image, ModelConfig config)
    {
        if (!config.WeighsNorms)
            return null;
        if (!image.Manifest.Files.ContainsKey(ImageFiles.Norms))
            throw new NeuralinkException($"open {image.Folder}", $"the file {ImageFiles.Norms}", "it is not listed", "calibrate it again");
        ImageVerifier.VerifyFile(image, ImageFiles.Norms);
        using SafetensorsFile file = SafetensorsFile.Open(image.PathOf(ImageFiles.Norms));
        float[][] norms = new float[config.LayerCount][];
        for (int layer = 0; layer < norms.Length; layer++)
        {
            string name = ImageFiles.NormsTensor(layer);
            if (!file.Tensors.TryGetValue(name, out TensorInfo? tensor) || tensor.Dtype != SafetensorsDtype.F32
                || tensor.ElementCount != config.FfnSize)
            {
                throw new NeuralinkException(
                    $"open {file.Path}", $"tensor {name} of F32 [{config.FfnSize}]",
                    tensor is null ? "no such tensor" : $"{tensor.DtypeName} {tensor.ShapeText}", "calibrate it again");
            }
            norms[layer] = new float[config.FfnSize];
            file.Read(tensor, 0, MemoryMarshal.AsBytes(norms[layer].AsSpan()));
        }
        return norms;
    }
}
