using System.Numerics.Tensors;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>
/// Writes a random model, for I/O and compute: its text means nothing. A Llama shape with FATReLU whose threshold lets a chosen share of
/// neurons fire. As in trained models a layer changes the residual stream little (Deja Vu, arXiv 2310.17157, section 4.3: neighbouring
/// residuals are nearly parallel), so that looking one layer ahead works as it does there.
/// </summary>
internal static class SyntheticModel
{
    /// <summary>Its shape: Llama-2-7B's proportions at a quarter of the width; 420 MiB of bundles.</summary>
    public const int Layers = 24;
    public const int Hidden = 1024;
    public const int Ffn = 2752;
    public const int Heads = 16;
    public const int Vocabulary = 1600;

    // Neighbours that mostly fire together, as a placement by co-activation makes them.
    private const int GroupNeurons = 32;

    private const int NormalCount = 1 << 22;

    // The gates' inputs are normalised, so a gate value is N(0, 1): 3% are above this, the share of OPT-6.7B (arXiv 2410.19274, section 2).
    private const double Threshold = 1.881;

    // How much attention and FFN add to a stream of size 1.
    private const double UpdateSize = 0.1;

    /// <param name="folder">The folder to make.</param>
    /// <param name="tokenizer">A tokenizer.json of at most <see cref="Vocabulary"/> tokens.</param>
    /// <param name="seed">Of the weights.</param>
    public static void Write(string folder, string tokenizer, int seed)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {"model_type": "llama", "hidden_act": "fatrelu", "hidden_act_param": {{Threshold}}, "vocab_size": {{Vocabulary}},
             "hidden_size": {{Hidden}}, "intermediate_size": {{Ffn}}, "num_hidden_layers": {{Layers}},
             "num_attention_heads": {{Heads}}, "num_key_value_heads": {{Heads}},
             "max_position_embeddings": 1024, "rms_norm_eps": 1e-5, "tie_word_embeddings": false}
            """);
        File.Copy(tokenizer, Path.Combine(folder, "tokenizer.json"));
        (string Name, int Rows, int Columns, double Deviation)[] tensors = [.. Tensors()];
        using SafetensorsWriter writer = SafetensorsWriter.Create(
            Path.Combine(folder, "model.safetensors"),
            [.. tensors.Select(t => new TensorDeclaration(t.Name, SafetensorsDtype.F16, t.Columns == 0 ? [t.Rows] : [t.Rows, t.Columns]))]);
        Random random = new(seed);
        float[] normals = new float[NormalCount];
        for (int i = 0; i < normals.Length; i++)
            normals[i] = Normal(random);
        foreach ((string name, int rows, int columns, double deviation) in tensors)
            WriteTensor(writer, name, rows, columns, deviation, normals, random);
        writer.Complete();
    }

    /// <summary>
    /// Rows are pieces of one table of normal numbers, from random places: drawing each of 300 million would take half a minute.
    /// </summary>
    private static void WriteTensor(
        SafetensorsWriter writer, string name, int rows, int columns, double deviation, float[] normals, Random random)
    {
        // What the rows of a group of gates have in common, and what each has of its own; the squares sum to 1.
        float shared = name.Contains("gate_proj", StringComparison.Ordinal) ? 0.99f : 0f, own = MathF.Sqrt(1 - (shared * shared));
        float[] row = new float[Math.Max(columns, 1)];
        byte[] bytes = new byte[row.Length * 2];
        int common = 0;
        for (int r = 0; r < rows; r++)
        {
            if (columns == 0)
            {
                row[0] = 1;
            }
            else
            {
                if (r % GroupNeurons == 0)
                    common = random.Next(normals.Length - columns);
                TensorPrimitives.Multiply(normals.AsSpan(random.Next(normals.Length - columns), columns), (float)deviation * own, row);
                TensorPrimitives.MultiplyAdd(normals.AsSpan(common, columns), (float)deviation * shared, row, row);
            }

            WeightKernels.For(WeightFormat.F16).Encode(row, bytes);
            writer.Write(name, bytes);
        }
    }

    private static IEnumerable<(string Name, int Rows, int Columns, double Deviation)> Tensors()
    {
        double unit = 1 / Math.Sqrt(Hidden);
        yield return ("model.embed_tokens.weight", Vocabulary, Hidden, 1);
        yield return ("model.norm.weight", Hidden, 0, 0);
        yield return ("lm_head.weight", Vocabulary, Hidden, unit);
        for (int i = 0; i < Layers; i++)
        {
            string p = $"model.layers.{i}";
            yield return ($"{p}.input_layernorm.weight", Hidden, 0, 0);
            yield return ($"{p}.post_attention_layernorm.weight", Hidden, 0, 0);
            foreach (string name in (string[])["q", "k", "v"])
                yield return ($"{p}.self_attn.{name}_proj.weight", Hidden, Hidden, unit);
            yield return ($"{p}.self_attn.o_proj.weight", Hidden, Hidden, unit * UpdateSize);
            yield return ($"{p}.mlp.gate_proj.weight", Ffn, Hidden, unit);
            yield return ($"{p}.mlp.up_proj.weight", Ffn, Hidden, unit);

            // About Ffn / 33 neurons of size 2 fire.
            yield return ($"{p}.mlp.down_proj.weight", Hidden, Ffn, UpdateSize / (2 * Math.Sqrt(Ffn / 33.0)));
        }
    }

    private static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
