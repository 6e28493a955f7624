using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Studies.Planning;

/// <summary>
/// Weights in the place of a model's own, to time its shapes with: all alike, finite and positive, except those that decide activity, which
/// are negative. So no neuron is predicted, and a neuron that is computed all the same fires.
/// </summary>
internal sealed class StandInWeights : ITensorSource
{
    private const float Weight = 0.01f;

    private readonly ModelFormats _formats;
    private readonly HashSet<string> _deciding;

    public StandInWeights(ModelConfig config, ModelFormats formats)
    {
        _formats = formats;
        IEnumerable<string> deciding = Enumerable.Range(0, config.LayerCount).Select(i => TensorNames.Layer(config, i).Deciding);
        _deciding = [.. deciding.SelectMany(name => new[] { $"{name}.weight", $"{name}.bias" })];
    }

    public string Location => "stand-in weights";

    /// <summary>A bundle of positive weights and biases.</summary>
    /// <param name="layout">Its layout.</param>
    /// <returns>[stride].</returns>
    public static byte[] Bundle(BundleLayout layout)
    {
        byte[] bundle = new byte[layout.StrideBytes];
        float[] weights = new float[layout.Hidden];
        Array.Fill(weights, Weight);
        for (int at = 0; at < layout.DownOffset; at += layout.RowBytes)
            WeightKernels.For(layout.Format.Rows).Encode(weights, bundle.AsSpan(at, layout.RowBytes));
        WeightKernels.For(layout.Format.Down).Encode(weights, bundle.AsSpan(layout.DownOffset, layout.DownBytes));
        MemoryMarshal.Cast<byte, float>(bundle.AsSpan(layout.BiasOffset, layout.BiasCount * sizeof(float))).Fill(Weight);
        return bundle;
    }

    /// <summary>Floats, which are rounded as they are read, but of the formats that nothing is rounded to.</summary>
    public SourceTensor Get(string name)
    {
        WeightFormat format = _deciding.Contains(name) ? _formats.Predictor : _formats.Of(name, isVector: false, TensorPlace.Resident);
        return new SourceTensor(
            name, ElementType.Of(format is WeightFormat.Q4_K or WeightFormat.Q6_K ? format : WeightFormat.F32), [], LengthBytes: 0);
    }

    public void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination)
    {
        bool isNegative = _deciding.Contains(tensor.Name);
        if (tensor.Type.Format == WeightFormat.F32)
            MemoryMarshal.Cast<byte, float>(destination).Fill(isNegative ? -Weight : Weight);
        else if (tensor.Type.Format == WeightFormat.Q4_K)
            destination.Fill(isNegative ? (byte)0xBC : (byte)0x3C);   // d and dmin of that sign, q of more than 1: d s q > dmin m
        else
            destination.Fill(isNegative ? (byte)0x88 : (byte)0x77);   // d s is positive, q - 32 is 8 and -24, or 23 and -9
    }
}
