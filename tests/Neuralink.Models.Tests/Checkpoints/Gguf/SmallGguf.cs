using System.Runtime.InteropServices;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Tests.Checkpoints.Gguf;

/// <summary>A GGUF file of a Llama with one layer, 32 wide, whose keys and tensors a test may change before it is written.</summary>
internal sealed class SmallGguf
{
    public const int Width = 32, Neurons = 64, Tokens = 8;

    public SmallGguf(string architecture = "llama")
    {
        Keys["general.architecture"] = GgufValue.Of(architecture);
        foreach ((string key, int value) in (ReadOnlySpan<(string, int)>)
            [
                ("block_count", 1), ("context_length", 128), ("embedding_length", Width), ("feed_forward_length", Neurons),
                ("attention.head_count", 4), ("attention.head_count_kv", 2),
            ])
        {
            Keys[$"{architecture}.{key}"] = GgufValue.Of(value);
        }
        Keys[$"{architecture}.attention.layer_norm_rms_epsilon"] = GgufValue.Of(1e-5f);
        Keys["tokenizer.ggml.model"] = GgufValue.Of("gpt2");
        Keys["tokenizer.ggml.tokens"] = GgufValue.Of(["<unk>", "<s>", "</s>", "a", "b", "c", "d", "ab"]);
        Keys["tokenizer.ggml.token_type"] = GgufValue.Of([2, 3, 3, 1, 1, 1, 1, 1]);
        Keys["tokenizer.ggml.merges"] = GgufValue.Of(["a b"]);
        Keys["tokenizer.ggml.bos_token_id"] = GgufValue.Of(1);
        Keys["tokenizer.ggml.eos_token_id"] = GgufValue.Of(2);
        foreach ((string name, long[] shape) in (ReadOnlySpan<(string, long[])>)
            [
                ("token_embd", [Tokens, Width]), ("output_norm", [Width]), ("blk.0.attn_norm", [Width]), ("blk.0.ffn_norm", [Width]),
                ("blk.0.attn_q", [Width, Width]), ("blk.0.attn_k", [16, Width]), ("blk.0.attn_v", [16, Width]),
                ("blk.0.attn_output", [Width, Width]), ("blk.0.ffn_gate", [Neurons, Width]), ("blk.0.ffn_up", [Neurons, Width]),
                ("blk.0.ffn_down", [Width, Neurons]),
            ])
        {
            Tensors[$"{name}.weight"] = (GgufType.F32, shape);
        }
    }

    public Dictionary<string, GgufValue> Keys { get; } = new(StringComparer.Ordinal);

    /// <summary>The tensors; the elements of F32 ones count up, all else is zeros.</summary>
    public Dictionary<string, (GgufType Type, long[] Shape)> Tensors { get; } = new(StringComparer.Ordinal);

    public static GgufType TypeOf(string name) => GgufType.All.Single(type => type.Name == name);

    /// <summary>Writes the file; returns its path.</summary>
    public string Write(string path)
    {
        GgufDeclaration[] tensors = [.. Tensors.Select(t => new GgufDeclaration(t.Key, t.Value.Type, [.. t.Value.Shape]))];
        using GgufWriter writer = GgufWriter.Create(path, [.. Keys], tensors);
        foreach (GgufDeclaration tensor in tensors)
        {
            byte[] bytes = new byte[tensor.LengthBytes];
            if (tensor.Type == GgufType.F32)
            {
                Span<float> values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
                for (int i = 0; i < values.Length; i++)
                    values[i] = i;
            }
            writer.Write(tensor.Name, bytes);
        }
        writer.Complete();
        return path;
    }
}
