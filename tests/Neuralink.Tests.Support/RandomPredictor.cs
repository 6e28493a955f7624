using System.Globalization;
using System.Runtime.InteropServices;
using Neuralink.Models.Configuration;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Tests.Support;

/// <summary>
/// A low-rank predictor's file (docs/formats/predictor.md) of random weights: what it names has nothing to do with what fires.
/// </summary>
public static class RandomPredictor
{
    private const int Rank = 8;

    /// <summary>
    /// Writes one whose layers all name some of their neurons; those without a layer <paramref name="depth"/> before them have none.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="modelDigest">The model it says it is for.</param>
    /// <param name="config">The model's shape.</param>
    /// <param name="depth">Layers that it says it looks ahead.</param>
    public static void Write(string path, string modelDigest, ModelConfig config, int depth = 0)
    {
        int[] layers = [.. Enumerable.Range(depth, config.LayerCount - depth)];
        string entry = string.Create(CultureInfo.InvariantCulture, $$"""{"rank":{{Rank}},"threshold":0.5,"figures":null}""");
        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            ["format"] = "neuralink-predictor",
            ["format_version"] = "1",
            ["kind"] = "low-rank",
            ["model_digest"] = modelDigest,
            ["model_name"] = "a model",
            ["trained_on"] = "chance",
            ["depth"] = depth.ToString(CultureInfo.InvariantCulture),
            ["input"] = "ffn_input",
            ["layers"] = $"[{string.Join(',', Enumerable.Range(0, config.LayerCount).Select(i => i < depth ? "null" : entry))}]",
        };
        Write(path, layers.Select(i => $"layers.{i}"), config, metadata);
    }

    /// <summary>
    /// Writes weights as they are published, with no word of the model they are for, and none of the layers before
    /// <paramref name="firstLayer"/>.
    /// </summary>
    public static void WritePublished(string path, ModelConfig config, int firstLayer = 0) =>
        Write(
            path, Enumerable.Range(firstLayer, config.LayerCount - firstLayer).Select(i => $"model.layers.{i}.mlp.predictor"), config,
            metadata: null);

    private static void Write(string path, IEnumerable<string> modules, ModelConfig config, Dictionary<string, string>? metadata)
    {
        Random random = new(7);
        TensorDeclaration[] tensors =
        [
            .. modules.SelectMany(module => (TensorDeclaration[])
            [
                new($"{module}.fc1.weight", SafetensorsDtype.F16, [Rank, config.HiddenSize]),
                new($"{module}.fc2.weight", SafetensorsDtype.F16, [config.FfnSize, Rank]),
            ]),
        ];
        using SafetensorsWriter writer = SafetensorsWriter.Create(path, tensors, metadata);
        foreach (TensorDeclaration tensor in tensors)
        {
            Half[] values =
            [
                .. Enumerable.Range(0, (int)(tensor.Shape[0] * tensor.Shape[1])).Select(_ => (Half)(random.NextSingle() - 0.5f))
            ];
            writer.Write(tensor.Name, MemoryMarshal.AsBytes<Half>(values));
        }
        writer.Complete();
    }
}
