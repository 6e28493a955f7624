using System.Runtime.InteropServices;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Tracing;

/// <summary>The matrices that decide activity, read layer by layer from predictor.safetensors.</summary>
internal sealed class DecidingFile : IDisposable
{
    private const int PieceBytesMax = 4 << 20;

    private readonly SafetensorsFile _file;
    private readonly ModelConfig _config;

    private DecidingFile(SafetensorsFile file, ModelConfig config) => (_file, _config) = (file, config);

    /// <summary>Opens the file and checks its digest.</summary>
    /// <exception cref="Neuralink.Storage.NeuralinkException">It is not the one that was packed.</exception>
    public static DecidingFile Open(ImageModel model)
    {
        ImageVerifier.VerifyFile(model.Image, ImageFiles.Predictor);
        return new DecidingFile(SafetensorsFile.Open(model.Image.PathOf(ImageFiles.Predictor)), model.Config);
    }

    /// <summary>Fills a layer's matrix [neurons, d] and its biases [1, neurons].</summary>
    public void Read(LayerIndex layer, WeightMatrix matrix, FloatTensor? biases)
    {
        string module = TensorNames.Layer(_config, _config.SharedFfn ? 0 : layer.Value).Deciding;
        TensorInfo weights = _file.Tensors[$"{module}.weight"];
        int rows = Math.Max(1, PieceBytesMax / matrix.RowBytes);
        for (int begin = 0; begin < matrix.Rows; begin += rows)
        {
            int end = Math.Min(matrix.Rows, begin + rows);
            _file.Read(weights, (long)begin * matrix.RowBytes, matrix.WritableRange(begin, end));
        }
        if (biases is not null)
            _file.Read(_file.Tensors[$"{module}.bias"], 0, MemoryMarshal.AsBytes(biases.Row(0)));
    }

    public void Dispose() => _file.Dispose();
}
