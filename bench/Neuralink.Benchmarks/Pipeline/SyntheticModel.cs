using System.Numerics.Tensors;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>The family whose shape a random model has.</summary>
internal enum SyntheticFamily
{
    Llama,
    Opt,
}

/// <summary>
/// Writes a random model, for I/O and compute: its text means nothing. Llama's shape with FATReLU, or OPT's with ReLU and a bias, whose
/// threshold lets a chosen share of neurons fire. As in trained models a layer changes the residual stream little (Deja Vu,
/// arXiv 2310.17157, section 4.3: neighbouring residuals are nearly parallel), so that looking one layer ahead works as it does there.
/// </summary>
/// <param name="family">The shape: the proportions of Llama-2-7B or OPT-6.7B at a quarter of the width.</param>
internal sealed class SyntheticModel(SyntheticFamily family)
{
    private const int Layers = 24;
    private const int Hidden = 1024;
    private const int Heads = 16;
    private const int Vocabulary = 1600;
    private const int Positions = 1024;

    // Neighbours that mostly fire together, as a placement by co-activation makes them.
    private const int GroupNeurons = 32;

    private const int NormalCount = 1 << 22;

    // The gates' inputs are normalised, so a gate value is N(0, 1): 3% are above this, the share of OPT-6.7B (arXiv 2410.19274, section 2).
    private const double Threshold = 1.881;

    // How much attention and FFN add to a stream of size 1.
    private const double UpdateSize = 0.1;

    private readonly int _ffn = family == SyntheticFamily.Opt ? 4 * Hidden : 2752;

    private bool IsOpt => family == SyntheticFamily.Opt;

    /// <param name="folder">The folder to make.</param>
    /// <param name="tokenizer">A tokenizer.json of at most 1600 tokens.</param>
    /// <param name="seed">Of the weights.</param>
    public void Write(string folder, string tokenizer, int seed)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), IsOpt ? OptConfig : LlamaConfig);
        File.Copy(tokenizer, Path.Combine(folder, "tokenizer.json"));
        TensorSpec[] tensors = [.. IsOpt ? OptTensors() : LlamaTensors()];
        using SafetensorsWriter writer = SafetensorsWriter.Create(
            Path.Combine(folder, "model.safetensors"),
            [.. tensors.Select(t => new TensorDeclaration(t.Name, SafetensorsDtype.F16, t.Columns == 0 ? [t.Rows] : [t.Rows, t.Columns]))]);
        Random random = new(seed);
        float[] normals = new float[NormalCount];
        for (int i = 0; i < normals.Length; i++)
            normals[i] = Normal(random);
        foreach (TensorSpec tensor in tensors)
            WriteTensor(writer, tensor, normals, random);
        writer.Complete();
    }

    private string LlamaConfig => $$"""
        {"model_type": "llama", "hidden_act": "fatrelu", "hidden_act_param": {{Threshold}}, "vocab_size": {{Vocabulary}},
         "hidden_size": {{Hidden}}, "intermediate_size": {{_ffn}}, "num_hidden_layers": {{Layers}},
         "num_attention_heads": {{Heads}}, "num_key_value_heads": {{Heads}},
         "max_position_embeddings": {{Positions}}, "rms_norm_eps": 1e-5, "tie_word_embeddings": false}
        """;

    private string OptConfig => $$"""
        {"model_type": "opt", "activation_function": "relu", "vocab_size": {{Vocabulary}}, "hidden_size": {{Hidden}},
         "word_embed_proj_dim": {{Hidden}}, "ffn_dim": {{_ffn}}, "num_hidden_layers": {{Layers}}, "num_attention_heads": {{Heads}},
         "max_position_embeddings": {{Positions}}, "do_layer_norm_before": true, "tie_word_embeddings": false}
        """;

    /// <summary>
    /// Rows are pieces of one table of normal numbers, from random places: drawing each of 300 million would take half a minute.
    /// </summary>
    private static void WriteTensor(SafetensorsWriter writer, TensorSpec tensor, float[] normals, Random random)
    {
        // What the rows of a group of deciding rows have in common, and what each has of its own; the squares sum to 1.
        float shared = tensor.Decides ? 0.99f : 0f, own = MathF.Sqrt(1 - (shared * shared));
        int columns = tensor.Columns;
        float[] row = new float[Math.Max(columns, 1)];
        byte[] bytes = new byte[row.Length * 2];
        int common = 0;
        for (int r = 0; r < tensor.Rows; r++)
        {
            if (columns == 0)
            {
                row[0] = (float)tensor.Size;
            }
            else
            {
                if (r % GroupNeurons == 0)
                    common = random.Next(normals.Length - columns);
                TensorPrimitives.Multiply(normals.AsSpan(random.Next(normals.Length - columns), columns), (float)tensor.Size * own, row);
                TensorPrimitives.MultiplyAdd(normals.AsSpan(common, columns), (float)tensor.Size * shared, row, row);
            }

            WeightKernels.For(WeightFormat.F16).Encode(row, bytes);
            writer.Write(tensor.Name, bytes);
        }
    }

    private IEnumerable<TensorSpec> LlamaTensors()
    {
        double unit = 1 / Math.Sqrt(Hidden);
        yield return new("model.embed_tokens.weight", Vocabulary, Hidden, 1);
        yield return new("model.norm.weight", Hidden, 0, 1);
        yield return new("lm_head.weight", Vocabulary, Hidden, unit);
        for (int i = 0; i < Layers; i++)
        {
            string p = $"model.layers.{i}";
            yield return new($"{p}.input_layernorm.weight", Hidden, 0, 1);
            yield return new($"{p}.post_attention_layernorm.weight", Hidden, 0, 1);
            foreach (string name in (string[])["q", "k", "v"])
                yield return new($"{p}.self_attn.{name}_proj.weight", Hidden, Hidden, unit);
            yield return new($"{p}.self_attn.o_proj.weight", Hidden, Hidden, unit * UpdateSize);
            yield return new($"{p}.mlp.gate_proj.weight", _ffn, Hidden, unit, Decides: true);
            yield return new($"{p}.mlp.up_proj.weight", _ffn, Hidden, unit);

            // About Ffn / 33 neurons of size 2 fire.
            yield return new($"{p}.mlp.down_proj.weight", Hidden, _ffn, UpdateSize / (2 * Math.Sqrt(_ffn / 33.0)));
        }
    }

    private IEnumerable<TensorSpec> OptTensors()
    {
        double unit = 1 / Math.Sqrt(Hidden);
        yield return new("model.decoder.embed_tokens.weight", Vocabulary, Hidden, 1);
        yield return new("model.decoder.embed_positions.weight", Positions + 2, Hidden, UpdateSize);
        yield return new("lm_head.weight", Vocabulary, Hidden, unit);
        foreach (TensorSpec norm in Norm("model.decoder.final_layer_norm"))
            yield return norm;
        for (int i = 0; i < Layers; i++)
        {
            string p = $"model.decoder.layers.{i}";
            foreach (TensorSpec norm in Norm($"{p}.self_attn_layer_norm").Concat(Norm($"{p}.final_layer_norm")))
                yield return norm;
            foreach (string name in (string[])["q", "k", "v", "out"])
            {
                yield return new($"{p}.self_attn.{name}_proj.weight", Hidden, Hidden, name == "out" ? unit * UpdateSize : unit);
                yield return new($"{p}.self_attn.{name}_proj.bias", Hidden, 0, 0);
            }
            yield return new($"{p}.fc1.weight", _ffn, Hidden, unit, Decides: true);
            yield return new($"{p}.fc1.bias", _ffn, 0, -Threshold);

            // About Ffn / 33 neurons of size 0.5 fire.
            yield return new($"{p}.fc2.weight", Hidden, _ffn, UpdateSize / (0.5 * Math.Sqrt(_ffn / 33.0)));
            yield return new($"{p}.fc2.bias", Hidden, 0, 0);
        }

        static TensorSpec[] Norm(string module) => [new($"{module}.weight", Hidden, 0, 1), new($"{module}.bias", Hidden, 0, 0)];
    }

    private static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    /// <summary>A tensor to be written.</summary>
    /// <param name="Name">As published.</param>
    /// <param name="Rows">Rows, or the elements of a vector.</param>
    /// <param name="Columns">Columns; 0 of a vector.</param>
    /// <param name="Size">Standard deviation of the elements; of a vector their value.</param>
    /// <param name="Decides">Whether its rows decide which neurons fire.</param>
    private readonly record struct TensorSpec(string Name, int Rows, int Columns, double Size, bool Decides = false);
}
