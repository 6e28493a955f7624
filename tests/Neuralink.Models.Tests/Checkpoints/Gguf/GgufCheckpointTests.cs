using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Tests.Checkpoints.Gguf;

public sealed class GgufCheckpointTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;
    private readonly List<string> _notes = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Sizes_come_from_keys_and_the_rest_from_tensors_and_architecture()
    {
        using Checkpoint checkpoint = Open(new SmallGguf());
        ModelConfig config = checkpoint.Config;

        config.HeadSize.Should().Be(8);
        config.KvHeadCount.Should().Be(2);
        config.VocabularySize.Should().Be(8);
        config.TiedEmbedding.Should().BeTrue("there is no output.weight");
        config.AttentionBias.Should().BeFalse();
        config.RotaryPairs.Should().Be(RotaryPairs.Neighbours);
        config.EndTokens.Should().Equal(2);
        checkpoint.LoadTokenizer().Encode("abc").Should().Equal(7, 5);
        checkpoint.Get("model.layers.0.mlp.down_proj.weight").Shape.Should().Equal(32, 64);
    }

    [Fact]
    public void The_activation_is_what_the_user_states_or_the_name_says_or_llama_cpp_computes()
    {
        SmallGguf file = new();
        Activated(file).Should().Be(new Activation(ActivationKind.Silu, 0));
        _notes.Should().Contain(note => note.Contains("SiLU") && note.Contains("--activation"));
        Activated(file, Activation.Relu).Should().Be(Activation.Relu);

        foreach ((string name, Activation known) in (ReadOnlySpan<(string, Activation)>)
            [
                ("ReluLLaMA-7B", Activation.Relu), ("Prosparse Llama 2 7B", Activation.FatRelu(0.01f)),
                ("Bamboo base v0.1", Activation.DRelu),
                ("TurboSparse-Mistral-Instruct", Activation.DRelu), ("MiniCPM-S-1B-sft", Activation.FatRelu(0.01f)),
                ("SparseQwen2-7B", Activation.DRelu), ("MiniCPM-SALA", new Activation(ActivationKind.Silu, 0)),
            ])
        {
            file.Keys["general.name"] = GgufValue.Of(name);
            Activated(file).Should().Be(known, name);
        }
        file.Keys["general.name"] = GgufValue.Of("SparseQwen2-7B");
        Activated(file, Activation.Relu).Should().Be(Activation.Relu, "what the user states counts");
    }

    [Fact]
    public void An_FFN_that_is_the_only_expert_is_an_FFN()
    {
        SmallGguf file = new("smallthinker");
        file.Keys["smallthinker.expert_count"] = GgufValue.Of(1);
        file.Keys["smallthinker.expert_used_count"] = GgufValue.Of(1);
        file.Keys["smallthinker.expert_feed_forward_length"] = GgufValue.Of(SmallGguf.Neurons);
        foreach (string part in (string[])["gate", "up", "down"])
        {
            file.Tensors.Remove($"blk.0.ffn_{part}.weight", out (GgufType Type, long[] Shape) tensor);
            file.Tensors[$"blk.0.ffn_{part}_exps.weight"] = (tensor.Type, [1, .. tensor.Shape]);
        }
        file.Tensors["blk.0.ffn_gate_inp.weight"] = (GgufType.F32, [1, SmallGguf.Width]);
        using (Checkpoint checkpoint = Open(file))
        {
            checkpoint.Config.FfnSize.Should().Be(64);
            checkpoint.Config.Activation.Should().Be(ActivationKind.Relu);
            checkpoint.Config.RotaryPairs.Should().Be(RotaryPairs.Halves);
            checkpoint.Get("model.layers.0.mlp.gate_proj.weight").Shape.Should().Equal(64, 32);
        }
        file.Keys["smallthinker.expert_count"] = GgufValue.Of(4);
        Refuses(file, "smallthinker.expert_count");
    }

    [Fact]
    public void Queries_keys_and_values_in_one_matrix_are_cut()
    {
        SmallGguf file = new("falcon");
        file.Keys.Remove("falcon.attention.layer_norm_rms_epsilon", out GgufValue? epsilon);
        file.Keys["falcon.attention.layer_norm_epsilon"] = epsilon!;
        foreach (string name in (string[])["attn_q", "attn_k", "attn_v", "ffn_gate", "ffn_norm"])
            file.Tensors.Remove($"blk.0.{name}.weight");
        file.Tensors["blk.0.attn_qkv.weight"] = (GgufType.F32, [64, 32]);
        foreach (string norm in (string[])["output_norm", "blk.0.attn_norm"])
            file.Tensors[$"{norm}.bias"] = (GgufType.F32, [32]);
        using Checkpoint checkpoint = Open(file);

        SourceTensor value = checkpoint.Get("model.layers.0.self_attn.v_proj.weight");
        value.Shape.Should().Equal(16, 32);
        byte[] first = new byte[sizeof(float)];
        checkpoint.Read(value, 0, first);
        BitConverter.ToSingle(first).Should().Be(48 * 32, "it begins with row 48 of the whole");
        checkpoint.Config.Block.Should().Be(BlockKind.Parallel);
    }

    [Fact]
    public void Divisors_of_frequencies_are_taken_over()
    {
        SmallGguf file = new();
        file.Tensors["rope_freqs.weight"] = (GgufType.F32, [4]);
        Refuses(file, "positive short and long factors");           // the first of them is 0 here
        file.Tensors["rope_freqs.weight"] = (GgufType.F32, [3]);
        Refuses(file, "rope_freqs.weight");
        file.Tensors.Remove("rope_freqs.weight");
        file.Keys["llama.rope.scaling.type"] = GgufValue.Of("linear");
        file.Keys["llama.rope.scaling.factor"] = GgufValue.Of(4f);
        using (Checkpoint checkpoint = Open(file))
            checkpoint.Config.RopeScaling!.Factor.Should().Be(4);
        file.Keys["llama.rope.scaling.type"] = GgufValue.Of("ntk");
        Refuses(file, "llama.rope.scaling.type");
    }

    [Fact]
    public void A_key_that_may_change_the_forward_pass_is_refused_and_another_is_noted()
    {
        SmallGguf file = new();
        file.Keys["llama.trained_by"] = GgufValue.Of("somebody");
        file.Keys["llama.attention.clamp_kqv"] = GgufValue.Of(0f);
        Open(file).Dispose();
        _notes.Should().Contain(note => note.Contains("llama.trained_by"));
        file.Keys["llama.attention.clamp_kqv"] = GgufValue.Of(8f);
        Refuses(file, "llama.attention.clamp_kqv");
        file.Keys.Remove("llama.attention.clamp_kqv");
        file.Keys["llama.attention.head_count_kv"] = GgufValue.Of([2, 1]);
        Refuses(file, "llama.attention.head_count_kv");
    }

    [Fact]
    public void Tensors_that_cannot_be_used_are_refused_by_name()
    {
        SmallGguf file = new();
        file.Tensors["blk.0.attn_sinks.weight"] = (GgufType.F32, [4]);
        Refuses(file, "blk.0.attn_sinks.weight");
        file.Tensors.Remove("blk.0.attn_sinks.weight");
        file.Tensors["blk.0.ffn_up.weight"] = (SmallGguf.TypeOf("IQ4_NL"), [64, 32]);
        Refuses(file, "blk.0.ffn_up.weight*Q4_K*IQ4_NL");
        file.Tensors["blk.0.ffn_up.weight"] = (GgufType.F32, [64, 32]);
        file.Tensors["output_norm.weight"] = (SmallGguf.TypeOf("Q8_0"), [32]);
        Refuses(file, "output_norm.weight*Q8_0");
    }

    [Fact]
    public void Quantized_weights_keep_their_type_or_it_is_said_what_they_become()
    {
        SmallGguf file = new();
        file.Tensors["blk.0.ffn_up.weight"] = (SmallGguf.TypeOf("Q8_0"), [64, 32]);
        using (Checkpoint kept = Open(file))
            kept.SourceFormat.Should().Be(WeightFormat.Q8_0);
        _notes.Should().NotContain(note => note.Contains("Q8_0"));
        file.Tensors["blk.0.attn_q.weight"] = (SmallGguf.TypeOf("Q5_1"), file.Tensors["blk.0.attn_q.weight"].Shape);
        Open(file).Dispose();

        _notes.Should().Contain(note => note.Contains("Q5_1") && note.Contains("q8_0"));
    }

    [Fact]
    public void An_architecture_that_is_not_supported_is_refused_by_name() => Refuses(new SmallGguf("mamba2"), "mamba2");

    private Activation Activated(SmallGguf file, Activation? stated = null)
    {
        _notes.Clear();
        using Checkpoint checkpoint = Open(file, stated);
        return checkpoint.Config.ActivationOf(0);
    }

    private Checkpoint Open(SmallGguf file, Activation? stated = null)
    {
        string path = Path.Combine(_folder, "small.gguf");
        File.Delete(path);
        return Checkpoint.Open(file.Write(path), _notes.Add, stated);
    }

    private void Refuses(SmallGguf file, string says) =>
        FluentActions.Invoking(() => Open(file).Dispose()).Should().Throw<NeuralinkException>().WithMessage($"*{says}*");
}
