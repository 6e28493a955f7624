using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Tests.Training;

/// <summary>A layer's logits, as plainly as possible.</summary>
internal sealed class NaiveLowRank(float[] fc1, float[] fc2, float[] bias, int rank, bool isLinear)
{
    public static NaiveLowRank Read(LowRankFile file, int layer)
    {
        LowRankInfo info = file.Info;
        LowRankLayer about = info.Layers[layer]!;
        string module = file.ModuleOf(layer);
        return new NaiveLowRank(
            Values($"{module}.fc1.weight", about.Rank, info.HiddenSize), Values($"{module}.fc2.weight", info.NeuronCount, about.Rank),
            about.HasBias ? Values($"{module}.fc2.bias", info.NeuronCount, 0) : new float[info.NeuronCount], about.Rank,
            info.IsLinear);

        float[] Values(string name, int rows, int columns)
        {
            List<float> values = [];
            TensorReader.ReadRows(
                file, new TensorSpec(name, rows, columns, TensorPlace.Resident), WeightFormat.F32,
                (_, _, bytes) => values.AddRange(MemoryMarshal.Cast<byte, float>(bytes)));
            return [.. values];
        }
    }

    public float[] Logits(ReadOnlySpan<float> x)
    {
        double[] h = new double[rank];
        for (int k = 0; k < rank; k++)
        {
            for (int i = 0; i < x.Length; i++)
                h[k] += (double)fc1[(k * x.Length) + i] * x[i];
            h[k] = isLinear ? h[k] : Math.Max(h[k], 0);
        }
        float[] logits = new float[bias.Length];
        for (int n = 0; n < logits.Length; n++)
        {
            double sum = bias[n];
            for (int k = 0; k < rank; k++)
                sum += fc2[(n * rank) + k] * h[k];
            logits[n] = (float)sum;
        }
        return logits;
    }
}
