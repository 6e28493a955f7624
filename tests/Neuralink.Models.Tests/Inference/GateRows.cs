using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;

namespace Neuralink.Models.Tests.Inference;

/// <summary>The matrices that decide activity, as plain arrays.</summary>
internal sealed class GateRows
{
    private readonly ModelConfig _config;
    private readonly float[][] _rows;      // [layers][f, d]
    private readonly float[][] _biases;    // [layers][f]

    public GateRows(string imageFolder)
    {
        FlashImage image = FlashImage.Open(imageFolder);
        _config = ModelConfigJson.Read(image);
        (float[] Rows, float[] Biases)[] layers = ImageTensors.ReadPredictor(
            ImageModel.Of(image), FlashAccess.Buffered,
            tensors => Enumerable.Range(0, _config.LayerCount).Select(i => Layer(tensors, i)).ToArray(), CancellationToken.None);
        _rows = [.. layers.Select(layer => layer.Rows)];
        _biases = [.. layers.Select(layer => layer.Biases)];
    }

    public float Threshold => _config.ActivationThreshold;

    /// <summary>Gates of all neurons of a layer, [f].</summary>
    public float[] Of(int layer, ReadOnlySpan<Half> input)
    {
        float[] rows = _rows[layer], gates = [.. _biases[layer]];
        for (int n = 0; n < gates.Length; n++)
        {
            for (int i = 0; i < input.Length; i++)
                gates[n] += rows[(n * input.Length) + i] * (float)input[i];
        }
        return gates;
    }

    private (float[] Rows, float[] Biases) Layer(ITensorSource tensors, int layer)
    {
        string module = TensorNames.Layer(_config, layer).Deciding;
        float[] rows = Read(tensors, $"{module}.weight", _config.HiddenSize);
        return (rows, _config.FfnBias ? Read(tensors, $"{module}.bias", columns: 0) : new float[_config.FfnSize]);
    }

    private float[] Read(ITensorSource tensors, string name, int columns)
    {
        TensorSpec spec = new(name, _config.FfnSize, columns, TensorPlace.Predictor);
        List<float> values = [];
        TensorReader.ReadRows(tensors, spec, WeightFormat.F32, (_, _, rows) => values.AddRange(MemoryMarshal.Cast<byte, float>(rows)));
        return [.. values];
    }
}
