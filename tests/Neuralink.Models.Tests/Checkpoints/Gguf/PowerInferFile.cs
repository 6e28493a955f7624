using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Tests.Checkpoints.Gguf;

/// <summary>
/// A Hugging Face folder written as PowerInfer's converter would write it, with random predictors: "PWRI" in front, down matrices stored
/// neuron by neuron.
/// </summary>
internal sealed class PowerInferFile(string architecture)
{
    public const int Rank = 5;

    private static readonly (string Module, string Name)[] s_names =
    [
        ("model.embed_tokens", "token_embd"), ("model.embed_positions", "position_embd"), ("model.norm", "output_norm"),
        ("lm_head", "output"),
        ("input_layernorm", "attn_norm"), ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"), ("post_attention_layernorm", "ffn_norm"), ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down_t"),
    ];

    /// <summary>The predictors' threshold; null states none.</summary>
    public float? Threshold { get; init; }

    /// <summary>Layers without a predictor.</summary>
    public int LayersWithout { get; init; }

    /// <summary>Writes the file; returns its path.</summary>
    public string Write(string path, Checkpoint source)
    {
        ModelConfig c = source.Config;
        List<(GgufDeclaration Declaration, byte[] Bytes)> tensors = [];
        foreach (TensorSpec spec in TensorCatalog.All(c).DistinctBy(spec => spec.Name, StringComparer.Ordinal))
            tensors.Add(Convert(source, spec));
        if (architecture == "falcon")
            tensors = Fuse(tensors, c.LayerCount);
        for (int layer = 0; layer < c.LayerCount - LayersWithout; layer++)
        {
            tensors.Add(Random($"blk.{layer}.fc1.weight", [Rank, c.HiddenSize], layer));
            tensors.Add(Random($"blk.{layer}.fc2.weight", [c.FfnSize, Rank], layer + 100));
        }
        using (GgufWriter writer = GgufWriter.Create(path, [.. Keys(c)], [.. tensors.Select(tensor => tensor.Declaration)]))
        {
            foreach ((GgufDeclaration declaration, byte[] bytes) in tensors)
                writer.Write(declaration.Name, bytes);
            writer.Complete();
        }
        byte[] file = File.ReadAllBytes(path);
        "PWRI"u8.CopyTo(file);
        File.WriteAllBytes(path, file);
        return path;
    }

    // Queries, keys and values one behind the other; of two normalisations the attention's is the second.
    private static List<(GgufDeclaration Declaration, byte[] Bytes)> Fuse(
        List<(GgufDeclaration Declaration, byte[] Bytes)> tensors, int layers)
    {
        for (int layer = 0; layer < layers; layer++)
        {
            (GgufDeclaration Declaration, byte[] Bytes)[] parts =
                [.. "qkv".Select(part => tensors.Single(tensor => tensor.Declaration.Name == $"blk.{layer}.attn_{part}.weight"))];
            long rows = parts.Sum(part => part.Declaration.Shape[0]);
            tensors.Add((
                new GgufDeclaration($"blk.{layer}.attn_qkv.weight", parts[0].Declaration.Type, [rows, parts[0].Declaration.Shape[1]]),
                [.. parts.SelectMany(part => part.Bytes)]));
            tensors.RemoveAll(tensor => parts.Any(part => part.Declaration == tensor.Declaration));
        }
        bool hasTwo = tensors.Exists(tensor => tensor.Declaration.Name == "blk.0.ffn_norm.weight");
        return [.. tensors.Select(tensor => (tensor.Declaration with { Name = Renamed(tensor.Declaration.Name) }, tensor.Bytes))];

        string Renamed(string name) => !hasTwo ? name
            : name.Replace("attn_norm", "attn_norm_2", StringComparison.Ordinal).Replace("ffn_norm", "attn_norm", StringComparison.Ordinal);
    }

    private static (GgufDeclaration Declaration, byte[] Bytes) Convert(ITensorSource source, TensorSpec spec)
    {
        float[] values = new float[spec.ElementCount];
        TensorReader.ReadRows(source, spec, WeightFormat.F32, (begin, _, rows) =>
            MemoryMarshal.Cast<byte, float>(rows).CopyTo(values.AsSpan(begin * Math.Max(spec.Columns, 1))));
        (string name, long[] shape) = (NameOf(spec.Name), spec.IsVector ? [spec.Rows] : [spec.Rows, spec.Columns]);
        if (name.EndsWith("ffn_down_t.weight", StringComparison.Ordinal))
        {
            values = [.. Enumerable.Range(0, spec.Columns).SelectMany(
                column => Enumerable.Range(0, spec.Rows).Select(row => values[(row * spec.Columns) + column]))];
            shape = [spec.Columns, spec.Rows];
        }
        return (new GgufDeclaration(name, SmallGguf.TypeOf("F32"), [.. shape]), MemoryMarshal.AsBytes<float>(values).ToArray());
    }

    private static string NameOf(string name)
    {
        string kind = name[name.LastIndexOf('.')..], module = name[..^kind.Length];
        string[] parts = module.Split('.', 4);
        return parts is ["model", "layers", var layer, var local]
            ? $"blk.{layer}.{s_names.Single(row => row.Module == local).Name}{kind}"
            : s_names.Single(row => row.Module == module).Name + kind;
    }

    private static (GgufDeclaration Declaration, byte[] Bytes) Random(string name, long[] shape, int seed)
    {
        Random random = new(seed);
        float[] values = [.. Enumerable.Range(0, (int)(shape[0] * shape[1])).Select(_ => random.NextSingle() - 0.5f)];
        return (new GgufDeclaration(name, SmallGguf.TypeOf("F32"), [.. shape]), MemoryMarshal.AsBytes<float>(values).ToArray());
    }

    private IEnumerable<KeyValuePair<string, GgufValue>> Keys(ModelConfig c)
    {
        yield return new("general.architecture", GgufValue.Of(architecture));
        foreach ((string key, int value) in (List<(string, int)>)
            [
                ("block_count", c.LayerCount), ("context_length", c.ContextLength + c.PositionOffset), ("embedding_length", c.HiddenSize),
                ("feed_forward_length", c.FfnSize), ("attention.head_count", c.HeadCount), ("attention.head_count_kv", c.KvHeadCount),
            ])
        {
            yield return new($"{architecture}.{key}", GgufValue.Of(value));
        }
        string epsilon = architecture == "falcon" ? "layer_norm_epsilon" : "layer_norm_rms_epsilon";
        if (architecture != "opt")
            yield return new($"{architecture}.attention.{epsilon}", GgufValue.Of(c.NormEpsilon));
        if (Threshold is { } threshold)
            yield return new("powerinfer.sparse_threshold", GgufValue.Of(threshold));
        yield return new("tokenizer.ggml.model", GgufValue.Of("gpt2"));
        yield return new("tokenizer.ggml.tokens", GgufValue.Of([.. Enumerable.Range(0, c.VocabularySize).Select(i => $"t{i}")]));
        yield return new("tokenizer.ggml.token_type", GgufValue.Of([.. Enumerable.Repeat(1, c.VocabularySize)]));
        yield return new("tokenizer.ggml.merges", GgufValue.Of(Array.Empty<string>()));
        yield return new("tokenizer.ggml.eos_token_id", GgufValue.Of(2));
    }
}
