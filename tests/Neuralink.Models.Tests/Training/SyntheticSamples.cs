using Neuralink.Models.Training;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Training;

/// <summary>Random inputs, and activity that a matrix of low rank decides: what a low-rank predictor can learn. Ragged sizes.</summary>
internal static class SyntheticSamples
{
    public const int Inputs = 21, Neurons = 150;

    private const int Rank = 3;

    /// <summary>
    /// Inputs [tokens, d], the same for every layer but noise, and the activity of a layer; without
    /// <paramref name="isLearnable"/> by chance.
    /// </summary>
    public static LayerSamples Create(int tokens, int layer = 0, bool isLearnable = true)
    {
        Random random = new(1), rows = new(10 + layer), noise = new(20 + layer);
        float[] down = Normal(rows, Rank * Inputs), up = Normal(rows, Neurons * Rank);
        Half[] inputs = new Half[tokens * Inputs];
        List<IReadOnlyList<int>> active = [];
        for (int token = 0; token < tokens; token++)
        {
            float[] x = Normal(random, Inputs);
            for (int i = 0; i < Inputs; i++)
                inputs[(token * Inputs) + i] = (Half)x[i];
            float[] h =
            [
                .. Enumerable.Range(0, Rank)
                    .Select(k => Enumerable.Range(0, Inputs).Sum(i => down[(k * Inputs) + i] * x[i]) / MathF.Sqrt(Inputs))
            ];
            active.Add([.. Enumerable.Range(0, Neurons).Where(n => isLearnable
                ? Enumerable.Range(0, Rank).Sum(k => up[(n * Rank) + k] * h[k]) > 2.5f
                : noise.Next(20) == 0)]);
        }
        return new LayerSamples(inputs, Inputs, ActivationMatrix.FromLists(Neurons, active));
    }

    /// <summary>A trace of such layers.</summary>
    public static void WriteTrace(string path, int tokens, int layers, bool hasInputs = true, bool isLearnable = true)
    {
        ActivationTraceInfo info = new()
        {
            ModelDigest = new string('a', 64),
            ModelName = "synthetic",
            LayerCount = layers,
            NeuronCount = Neurons,
            TokenCount = tokens,
            StrideBytes = 512,
            Texts = "chance",
            TextsDigest = new string('b', 64),
            InputSize = hasInputs ? Inputs : null,
        };
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(path, info);
        for (int layer = 0; layer < layers; layer++)
        {
            LayerSamples samples = Create(tokens, layer, isLearnable);
            for (int token = 0; token < tokens; token++)
            {
                writer.Write(new LayerIndex(layer), token, samples.Active.Token(token));
                float[] row = new float[Inputs];
                samples.Gather([token], row);
                if (hasInputs)
                    writer.WriteInputs(new LayerIndex(layer), token, [.. row.Select(value => (Half)value)]);
            }
        }
        writer.Complete();
    }

    private static float[] Normal(Random random, int count) =>
        [
            .. Enumerable.Range(0, count)
                .Select(_ => MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle()))
        ];
}
