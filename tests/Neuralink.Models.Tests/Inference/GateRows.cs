using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Image;

namespace Neuralink.Models.Tests.Inference;

/// <summary>The matrices that decide firing, as plain arrays.</summary>
internal sealed class GateRows : IDisposable
{
    private readonly ImageTensors _tensors;
    private readonly ModelConfig _config;

    public GateRows(string imageFolder)
    {
        FlashImage image = FlashImage.Open(imageFolder);
        _config = ModelConfigJson.Read(image);
        _tensors = ImageTensors.Open(image, ImageFiles.Predictor);
    }

    public float Threshold => _config.ActivationThreshold;

    /// <summary>Gates of all neurons of a layer, [f].</summary>
    public float[] Of(int layer, ReadOnlySpan<Half> input)
    {
        string module = TensorNames.For(_config.Family).Layer(layer).Firing;
        float[] rows = Read(new TensorSpec($"{module}.weight", _config.FfnSize, _config.HiddenSize, TensorPlace.Predictor));
        float[] gates = _config.FfnBias ? Read(new TensorSpec($"{module}.bias", _config.FfnSize, 0, TensorPlace.Predictor)) : new float[_config.FfnSize];
        for (int n = 0; n < gates.Length; n++)
        {
            for (int i = 0; i < input.Length; i++)
                gates[n] += rows[(n * input.Length) + i] * (float)input[i];
        }
        return gates;
    }

    public void Dispose() => _tensors.Dispose();

    private float[] Read(TensorSpec spec)
    {
        List<float> values = [];
        TensorReader.ReadRows(_tensors, spec, WeightFormat.F32, (_, _, rows) => values.AddRange(MemoryMarshal.Cast<byte, float>(rows)));
        return [.. values];
    }
}
