using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Tests.Inference.Predictors;

/// <summary>Predictor files of random weights and ragged shapes.</summary>
internal static class RandomLowRank
{
    public const int HiddenSize = 21, NeuronCount = 77;

    /// <summary>Ranks by layer; 0 is a layer without a predictor.</summary>
    public static IReadOnlyList<int> Ranks { get; } = [5, 0, 33];

    /// <summary>What such a file says.</summary>
    public static LowRankInfo Info { get; } = new()
    {
        ModelDigest = new string('a', 64),
        ModelName = "small",
        TrainedOn = "chance \"\u00e9\"",
        Weights = WeightFormat.F16,
        Depth = 1,
        Input = PredictorInput.FfnInput,
        HiddenSize = HiddenSize,
        NeuronCount = NeuronCount,
        Layers =
        [
            .. Ranks.Select((rank, i) => rank == 0 ? null : new LowRankLayer(
                rank, HasBias: i == 0, Threshold: 0.125f * i,
                new LowRankMetrics(0.95, 0.5, 0.2, 0.1, 0.3, [new LowRankPoint(-1, 0.99, 0.3, 0.4)]))),
        ],
    };

    /// <summary>Writes a file of ours.</summary>
    public static void Write(string path, SafetensorsDtype dtype = SafetensorsDtype.F16, Action<Dictionary<string, string>>? change = null)
    {
        Dictionary<string, string> metadata = new(LowRankFormat.Metadata(Info), StringComparer.Ordinal);
        change?.Invoke(metadata);
        Write(path, Tensors(LowRankFormat.Module), dtype, metadata);
    }

    /// <summary>The tensors of all layers.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Tensors(Func<int, string> module)
    {
        for (int i = 0; i < Ranks.Count; i++)
        {
            if (Ranks[i] == 0)
                continue;
            yield return ($"{module(i)}.fc1.weight", [Ranks[i], HiddenSize]);
            yield return ($"{module(i)}.fc2.weight", [NeuronCount, Ranks[i]]);
            if (Info.Layers[i]!.HasBias)
                yield return ($"{module(i)}.fc2.bias", [NeuronCount]);
        }
    }

    /// <summary>Writes tensors of random values.</summary>
    public static void Write(
        string path, IEnumerable<(string Name, long[] Shape)> tensors, SafetensorsDtype dtype,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        File.Delete(path);
        Random random = new(7);
        (string Name, long[] Shape)[] all = [.. tensors];
        using SafetensorsWriter writer = SafetensorsWriter.Create(
            path, [.. all.Select(t => new TensorDeclaration(t.Name, dtype, [.. t.Shape]))], metadata);
        foreach ((string name, long[] shape) in all)
        {
            float[] values =
            [
                .. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(Half)(random.NextSingle() - 0.5f))
            ];
            if (dtype == SafetensorsDtype.F32)
                writer.Write(name, MemoryMarshal.AsBytes<float>(values));
            else
                writer.Write(name, MemoryMarshal.AsBytes<Half>(Array.ConvertAll(values, value => (Half)value)));
        }
        writer.Complete();
    }
}
