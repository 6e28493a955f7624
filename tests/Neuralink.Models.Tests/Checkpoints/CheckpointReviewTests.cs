using System.Text.Json.Nodes;
using Neuralink.Models.Checkpoints;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Checkpoints;

/// <summary>What a checkpoint has beyond its configuration is refused where it belongs into the forward pass, else mentioned.</summary>
public sealed class CheckpointReviewTests : IDisposable
{
    private static readonly RandomModelSpec s_spec = RandomModels.LlamaRelu with { Shards = 1 };

    private readonly RandomModel _model = new(s_spec);
    private readonly List<string> _notes = [];

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData("model.extra.blocks")]
    [InlineData("v_head.summary.weight")]
    [InlineData("model.layers.0.mlp.extra.weight")]
    [InlineData("vision_model.layers.7.norm.weight")]
    public void A_tensor_that_nothing_needs_is_mentioned(string name)
    {
        Write([.. Tensors(), Extra(name)]);
        Open();
        _notes.Should().ContainSingle().Which.Should().Contain($"ignored 1 tensors that this model has no use for, such as {name}");
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.rotary_emb.inv_freq")]
    [InlineData("model.layers.2.mlp.predictor.fc1.weight")]
    [InlineData("model.layers.1.self_attn.k_scale")]
    public void A_tensor_that_everyone_knows_is_not_mentioned(string name)
    {
        Write([.. Tensors(), Extra(name)]);
        Open();
        _notes.Should().BeEmpty();
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj.bias", "a module without it")]
    [InlineData("layers.1.mlp.down_proj.bias", "a module without it")]
    [InlineData("model.norm.bias", "a module without it")]
    [InlineData("lm_head.bias", "a module without it")]
    [InlineData("model.layers.3.mlp.up_proj.weight", "3 layers, as num_hidden_layers has it")]
    [InlineData("model.layers.0.self_attn.q_norm.weight", "no such tensor")]
    [InlineData("model.layers.0.self_attn.q_proj.lora_A.weight", "no such tensor")]
    [InlineData("model.layers.0.mlp.experts.0.up_proj.weight", "no such tensor")]
    public void A_tensor_of_another_forward_pass_is_refused(string name, string expected)
    {
        Write([.. Tensors(), Extra(name)]);
        Refused(expected, name);
    }

    [Fact]
    public void A_bias_of_zeros_changes_nothing()
    {
        RandomTensor zeros = Extra("model.layers.0.self_attn.q_proj.bias");
        zeros.Values.AsSpan().Clear();
        Write([.. Tensors(), zeros]);
        Open();
        _notes.Should().BeEmpty();
    }

    [Fact]
    public void An_output_matrix_beside_a_tied_embedding_is_not_read()
    {
        JsonObject config = _model.Config;
        config["tie_word_embeddings"] = true;
        _model.WriteConfig(config);
        Open();
        _notes.Should().BeEmpty();
    }

    [Fact]
    public void A_missing_output_matrix_has_advice_of_its_own()
    {
        Write([.. Tensors().Where(tensor => tensor.Name != "lm_head.weight")]);
        Refused("a tensor 'lm_head.weight'", "tie_word_embeddings");
    }

    [Theory]
    [InlineData("model.layers.0.mlp.up_proj.qweight", "gptq or awq")]
    [InlineData("model.layers.0.mlp.up_proj.weight_packed", "compressed-tensors")]
    [InlineData("model.layers.0.mlp.up_proj.W_q", "hqq")]
    public void A_quantized_tensor_is_named_with_its_method_although_no_configuration_states_it(string name, string method)
    {
        Write([.. Tensors().Select(tensor => tensor.Name == "model.layers.0.mlp.up_proj.weight" ? tensor with { Name = name } : tensor)]);
        Refused("weights that are not quantized", name, method);
    }

    [Fact]
    public void A_tensor_that_is_needed_is_refused_by_the_name_of_its_type_if_that_is_unknown()
    {
        Write([.. Tensors()], model => model.Replace("\"F32\"", "\"Q77\"", StringComparison.Ordinal));
        Refused("as F32, F16 or BF16", "found Q77");
    }

    [Fact]
    public void Beside_a_missing_tensor_those_of_its_module_are_shown()
    {
        const string missing = "model.layers.0.self_attn.q_proj.weight", fused = "model.layers.0.self_attn.qkv_proj.weight";
        Write([.. Tensors().Select(tensor => tensor.Name == missing ? tensor with { Name = fused } : tensor)]);
        Refused($"'{missing}'", fused, "not of the same model");
    }

    [Theory]
    [InlineData("")]
    [InlineData("module.")]
    [InlineData("base_model.model.model.")]
    [InlineData("_orig_mod.model.")]
    public void Any_mixture_of_prefixes_is_the_same_model(string prefix)
    {
        int count = 0;
        Write([.. Tensors().Select(t => t.Name.StartsWith("model.", StringComparison.Ordinal) && count++ % 2 == 0
            ? t with { Name = prefix + t.Name["model.".Length..] }
            : t)]);
        using RandomModel plain = new(s_spec);
        using PackedModel expected = new(plain.Folder), found = new(_model.Folder);
        foreach (string path in Directory.EnumerateFiles(expected.Folder))
            File.ReadAllBytes(Path.Combine(found.Folder, Path.GetFileName(path))).Should().Equal(File.ReadAllBytes(path));
    }

    private static IEnumerable<RandomTensor> Tensors() => RandomModel.TensorsOf(s_spec);

    private static RandomTensor Extra(string name) => Tensors().Single(tensor => tensor.Name == "model.norm.weight") with { Name = name };

    private void Write(RandomTensor[] tensors, Func<string, string>? edit = null)
    {
        _model.WriteWeights(tensors);
        if (edit is null)
            return;
        string path = Path.Combine(_model.Folder, "model.safetensors");
        File.WriteAllText(path, edit(File.ReadAllText(path, System.Text.Encoding.Latin1)), System.Text.Encoding.Latin1);
    }

    private void Open() => Checkpoint.Open(_model.Folder, _notes.Add).Dispose();

    private void Refused(params string[] parts) =>
        FluentActions.Invoking(Open).Should().Throw<NeuralinkException>().Which.Message.Should().ContainAll(parts).And.NotContain("\n");
}
