using System.Text.Json.Nodes;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Packing;
using Neuralink.Storage;
using Neuralink.Storage.Safetensors;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Checkpoints;

/// <summary>A folder whose parts do not fit together is refused before anything is computed or written.</summary>
public sealed class HuggingFaceFolderTests : IDisposable
{
    private static readonly RandomModelSpec s_spec = RandomModels.LlamaRelu with { Shards = 1 };

    private readonly RandomModel _model = new(s_spec);

    private string WeightsPath => Path.Combine(_model.Folder, "model.safetensors");

    public void Dispose() => _model.Dispose();

    [Fact]
    public void The_whole_folder_opens() => _model.Invoking(m => Checkpoint.Open(m.Folder).Dispose()).Should().NotThrow();

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    public void A_missing_or_truncated_file_is_named(string name)
    {
        string path = Path.Combine(_model.Folder, name);
        byte[] whole = File.ReadAllBytes(path);
        foreach (int length in (int[])[0, 1, 7, 8, 100, whole.Length / 2, whole.Length - 1])
        {
            File.WriteAllBytes(path, whole[..length]);
            PackingShouldFail(name);
        }
        File.Delete(path);
        PackingShouldFail(name);
    }

    [Fact]
    public void No_folder_is_named() =>
        FluentActions.Invoking(() => Checkpoint.Open(Path.Combine(_model.Folder, "nowhere"))).Should().Throw<NeuralinkException>()
            .WithMessage("*nowhere*no such folder*");

    [Theory]
    [InlineData("hidden_size", 84, "model.embed_tokens.weight of shape [259, 84]", "[259, 72]")]
    [InlineData("intermediate_size", 119, "model.layers.0.mlp.gate_proj.weight of shape [119, 72]", "[120, 72]")]
    [InlineData("vocab_size", 260, "model.embed_tokens.weight of shape [260, 72]", "[259, 72]")]
    [InlineData("num_key_value_heads", 3, "model.layers.0.self_attn.k_proj.weight of shape [36, 72]", "[72, 72]")]
    [InlineData("head_dim", 10, "model.layers.0.self_attn.q_proj.weight of shape [60, 72]", "[72, 72]")]
    [InlineData("num_hidden_layers", 4, "'model.layers.3.input_layernorm.weight'", "none among")]
    public void A_configuration_that_contradicts_the_tensors(string field, int value, string expected, string found)
    {
        JsonObject config = _model.Config;
        config[field] = value;
        _model.WriteConfig(config);
        PackingShouldFail(expected, found, "configuration");
    }

    [Fact]
    public void A_bias_that_is_claimed_but_not_there()
    {
        JsonObject config = _model.Config;
        config["mlp_bias"] = true;
        _model.WriteConfig(config);
        PackingShouldFail("mlp.gate_proj.bias", "none among");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_weight_that_is_not_finite_is_refused_wherever_it_is(float value)
    {
        foreach (SafetensorsDtype dtype in (SafetensorsDtype[])[SafetensorsDtype.F32, SafetensorsDtype.F16, SafetensorsDtype.BF16])
        {
            RandomTensor[] tensors = [.. RandomModel.TensorsOf(s_spec with { MatrixDtype = dtype, VectorDtype = dtype })];
            foreach (RandomTensor tensor in tensors.Where(t => t.Name.Contains("layers.1.") || !t.Name.Contains("layers.")))
            {
                float saved = tensor.Values[^1];
                tensor.Values[^1] = value;
                _model.WriteWeights(tensors);
                tensor.Values[^1] = saved;
                PackingShouldFail(tensor.Name, "finite weights", "an infinity or a NaN", _model.Folder);
            }
        }
    }

    [Fact]
    public void A_weight_too_large_for_the_format_it_is_converted_to_is_refused()
    {
        RandomTensor[] tensors = [.. RandomModel.TensorsOf(s_spec)];
        tensors.Single(t => t.Name == "model.layers.2.mlp.up_proj.weight").Values[5] = 1e6f;
        _model.WriteWeights(tensors);
        using (new PackedModel(_model.Folder))
        {
            // As it is, it can be packed.
        }
        FluentActions.Invoking(() => new PackedModel(_model.Folder, new PackOptions(Kernels.WeightFormat.F16)))
            .Should().Throw<NeuralinkException>()
            .WithMessage("*model.layers.2.mlp.up_proj.weight*--weights*");
    }

    [Fact]
    public void A_tensor_of_integers_is_refused()
    {
        RandomTensor[] tensors = [.. RandomModel.TensorsOf(s_spec)];
        File.Delete(WeightsPath);
        using (SafetensorsWriter writer = SafetensorsWriter.Create(
            WeightsPath,
            [
                .. tensors.Select(
                    t => new TensorDeclaration(t.Name, t.Name == "model.norm.weight" ? SafetensorsDtype.I32 : t.Dtype, [.. t.Shape]))
            ]))
        {
            foreach (RandomTensor tensor in tensors)
                writer.Write(tensor.Name, tensor.Bytes());
            writer.Complete();
        }
        PackingShouldFail("model.norm.weight as F32, F16 or BF16", "I32");
    }

    [Fact]
    public void A_tokenizer_with_more_tokens_than_the_model_has_rows_packs_since_no_text_need_use_them()
    {
        JsonObject tokenizer = JsonNode.Parse(ByteTokenizer.Json())!.AsObject();
        tokenizer["added_tokens"]!.AsArray().Add(new JsonObject { ["id"] = 259, ["content"] = "<more>", ["special"] = true });
        File.WriteAllText(Path.Combine(_model.Folder, "tokenizer.json"), tokenizer.ToJsonString());
        using PackedModel packed = new(_model.Folder);
        File.ReadAllText(Path.Combine(packed.Folder, "tokenizer.json")).Should().Be(tokenizer.ToJsonString());
    }

    [Fact]
    public void A_checkpoint_of_the_bare_OPT_decoder_leaves_a_prefix_out()
    {
        using RandomModel whole = new(RandomModels.OptPreNorm), bare = new(RandomModels.OptPreNorm);
        bare.WriteWeights([.. RandomModel.TensorsOf(RandomModels.OptPreNorm).Select(t => t with { Name = t.Name["model.".Length..] })]);
        using PackedModel expected = new(whole.Folder), found = new(bare.Folder);
        foreach (string path in Directory.EnumerateFiles(expected.Folder))
            File.ReadAllBytes(Path.Combine(found.Folder, Path.GetFileName(path))).Should().Equal(File.ReadAllBytes(path));
    }

    private void PackingShouldFail(params string[] parts)
    {
        NeuralinkException error = FluentActions.Invoking(() => new PackedModel(_model.Folder)).Should().Throw<NeuralinkException>().Which;
        error.Message.Should().ContainAll(parts).And.NotContain("\n");
    }
}
