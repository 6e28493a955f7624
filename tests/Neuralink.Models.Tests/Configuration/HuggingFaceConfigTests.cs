using System.Text.Json.Nodes;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Configuration;

/// <summary>What a config.json says is taken as it is or refused; nothing that decides the result is guessed.</summary>
public sealed class HuggingFaceConfigTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    public static TheoryData<string> Names => new(RandomModels.All.Select(spec => spec.Name));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_kind_of_model_is_read(string name)
    {
        RandomModelSpec spec = RandomModels.ByName(name);
        using RandomModel model = new(spec);
        ModelConfig config = HuggingFaceConfig.Read(model.Folder);
        (config.HiddenSize, config.FfnSize, config.LayerCount, config.HeadCount).Should().Be(
            (spec.Hidden, spec.Ffn, spec.Layers, spec.Heads));
        (config.HeadSize, config.EmbeddingSize, config.SlidingWindow).Should().Be(
            (spec.HeadWidth, spec.EmbeddingWidth, spec.SlidingWindow));
        config.KvHeadCount.Should().Be(spec.IsOpt ? spec.Heads : spec.KvHeads);
        (config.PostNorm, config.FinalNorm).Should().Be((!spec.PreNorm, spec.PreNorm));
        (config.TiedEmbedding, config.AttentionBias, config.FfnBias, config.Gated).Should().Be(
            (spec.Tied, spec.AttentionBias, spec.FfnBias, !spec.IsOpt));
        config.Activation.Should().Be(
            spec.ModelType == "bamboo"
                ? ActivationKind.DRelu
                : spec.Activation == "fatrelu" ? ActivationKind.FatRelu
                : ActivationKind.Relu);
        config.ActivationThreshold.Should().Be(spec.Threshold ?? 0);
        config.EndTokens.Should().Equal(ByteTokenizer.EndToken);
    }

    [Theory]
    [InlineData("relu6")]
    [InlineData("leaky_relu")]
    [InlineData("ReLU")]
    [InlineData("my_act")]
    public void Of_another_activation_it_is_only_said_that_it_is_not_supported(string activation)
    {
        Refused(c => c["hidden_act"] = activation, $"\"{activation}\"", "relu, fatrelu", "this activation is not supported");
        Refused(Opt(), c => c["activation_function"] = activation, $"\"{activation}\"", "this activation is not supported");
    }

    [Fact]
    public void Bamboo_has_no_FATReLU()
    {
        JsonObject bamboo = RandomModel.ConfigOf(RandomModels.ByName("bamboo-drelu"));
        Refused(bamboo, c => (c["hidden_act"], c["hidden_act_param"]) = ("fatrelu", 0.1), "\"fatrelu\"");
    }

    [Fact]
    public void A_missing_activation_is_not_guessed()
    {
        Refused(c => c.Remove("hidden_act"), "hidden_act", "no such field", "never guessed");
        Refused(c => c["hidden_act"] = null, "hidden_act", "found null", "never guessed");
        Refused(c => c["hidden_act"] = 3, "hidden_act", "a string", "found 3");
        Refused(Opt(), c => c.Remove("activation_function"), "activation_function", "no such field");
    }

    [Fact]
    public void FATReLU_needs_its_threshold()
    {
        Refused(c => c["hidden_act"] = "fatrelu", "hidden_act_param: expected a number", "no such field");
        Refused(c => (c["hidden_act"], c["hidden_act_param"]) = ("fatrelu", "0.1"), "hidden_act_param: expected a number", "\"0.1\"");
        Refused(c => (c["hidden_act"], c["hidden_act_param"]) = ("fatrelu", -0.1), "threshold of at least 0", "-0.1");
    }

    [Theory]
    [InlineData("gemma")]
    [InlineData("LLAMA")]
    public void An_unknown_architecture_is_named_beside_the_known(string modelType) =>
        Refused(c => c["model_type"] = modelType, $"\"{modelType}\"", "llama, mistral, sparsellama, bamboo", "or opt");

    [Theory]
    [InlineData("hidden_size", "null", "hidden_size: expected an integer, found null")]
    [InlineData("hidden_size", "0", "hidden_size in 1..")]
    [InlineData("hidden_size", "-72", "hidden_size in 1..")]
    [InlineData("hidden_size", "71", "a divisor of hidden_size 71")]
    [InlineData("hidden_size", "72.5", "hidden_size: expected an integer")]
    [InlineData("hidden_size", "99999999999", "hidden_size: expected an integer")]
    [InlineData("num_hidden_layers", "0", "num_hidden_layers in 1..")]
    [InlineData("num_hidden_layers", "1000000", "num_hidden_layers in 1..")]
    [InlineData("num_attention_heads", "0", "num_attention_heads")]
    [InlineData("num_attention_heads", "5", "a divisor of hidden_size 72")]
    [InlineData("num_key_value_heads", "4", "a multiple of num_key_value_heads")]
    [InlineData("num_key_value_heads", "0", "num_key_value_heads in 1..")]
    [InlineData("head_dim", "13", "an even head_dim")]
    [InlineData("intermediate_size", "\"120\"", "intermediate_size: expected an integer")]
    [InlineData("vocab_size", "0", "vocab_size in 1..")]
    [InlineData("vocab_size", "256", "end tokens below vocab_size 256")]
    [InlineData("max_position_embeddings", "0", "max_position_embeddings in 1..")]
    [InlineData("rms_norm_eps", "null", "rms_norm_eps")]
    [InlineData("rms_norm_eps", "-1", "epsilon")]
    [InlineData("rms_norm_eps", "1e999", "")]
    [InlineData("rope_theta", "0", "rope_theta")]
    [InlineData("tie_word_embeddings", "1", "tie_word_embeddings: expected true or false")]
    [InlineData("attention_bias", "\"no\"", "attention_bias: expected true or false")]
    [InlineData("eos_token_id", "-1", "end tokens")]
    [InlineData("eos_token_id", "[2, 900]", "end tokens")]
    [InlineData("eos_token_id", "[2, \"x\"]", "eos_token_id[1]: expected an integer")]
    [InlineData("rope_scaling", "[]", "rope_scaling: expected an object")]
    [InlineData("rope_scaling", """{ "type": "spiral", "factor": 2.0 }""", "default, linear, dynamic, llama3, yarn or longrope")]
    [InlineData("rope_scaling", """{ "type": "linear" }""", "factor: expected a number")]
    [InlineData("rope_scaling", """{ "type": "linear", "factor": 0.5 }""", "factor >= 1")]
    [InlineData(
        "rope_scaling",
        """
        { "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 1.0,
          "original_max_position_embeddings": 16 }
        """,
        "low_freq_factor")]
    [InlineData("model_type", "null", "model_type: expected a string")]
    [InlineData("model_type", "[]", "model_type: expected a string")]
    public void A_field_that_describes_no_model(string name, string value, string message) =>
        Refused(c => c[name] = JsonNode.Parse(value), message);

    [Theory]
    [InlineData("word_embed_proj_dim", "0", "word_embed_proj_dim in 1..")]
    [InlineData("layer_norm_elementwise_affine", "false", "layer_norm_elementwise_affine")]
    [InlineData("activation_function", "\"drelu\"", "dReLU only with a gated FFN")]
    [InlineData("ffn_dim", "null", "ffn_dim: expected an integer")]
    public void A_field_that_describes_no_OPT(string name, string value, string message) =>
        Refused(Opt(), c => c[name] = JsonNode.Parse(value), message);

    [Fact]
    public void A_head_size_that_is_stated_need_not_divide_anything()
    {
        JsonObject config = Llama();
        (config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]) = (5, 5, 14);
        Write(config.ToJsonString());
        HuggingFaceConfig.Read(_folder).HeadSize.Should().Be(14);
    }

    [Fact]
    public void Half_a_character_is_no_string()
    {
        Write(Llama().ToJsonString().Replace("\"relu\"", @"""\ud800"""));
        ShouldBeRefused("config.json", "hidden_act: expected text that is valid Unicode");
    }

    [Fact]
    public void No_file_or_no_JSON()
    {
        ShouldBeRefused("config.json", "no such file");
        foreach (string text in (string[])["", "{", "[]", "null", "{} {}", "{ \"model_type\": \"\xff", "\0"])
        {
            Write(text);
            ShouldBeRefused("config.json");
        }
    }

    [Fact]
    public void Cut_or_damaged_anywhere_it_is_read_or_refused()
    {
        byte[] whole = System.Text.Encoding.UTF8.GetBytes(Llama().ToJsonString());
        for (int at = 0; at < whole.Length; at++)
        {
            ReadOrRefused(whole[..at]);
            foreach (byte mask in (byte[])[0x01, 0x10, 0x80, 0xFF])
            {
                byte[] bytes = [.. whole];
                bytes[at] ^= mask;
                ReadOrRefused(bytes);
            }
        }
    }

    private void ReadOrRefused(byte[] bytes)
    {
        File.WriteAllBytes(Path.Combine(_folder, "config.json"), bytes);
        try
        {
            HuggingFaceConfig.Read(_folder).LayerCount.Should().BePositive();
        }
        catch (NeuralinkException error)
        {
            error.Message.Should().Contain("config.json").And.NotContain("\n");
        }
    }

    private void Refused(Action<JsonObject> edit, params string[] parts) => Refused(Llama(), edit, parts);

    private void Refused(JsonObject config, Action<JsonObject> edit, params string[] parts)
    {
        edit(config);
        Write(config.ToJsonString());
        ShouldBeRefused(["config.json", .. parts]);
    }

    private void ShouldBeRefused(params string[] parts) =>
        FluentActions.Invoking(() => HuggingFaceConfig.Read(_folder)).Should().Throw<NeuralinkException>()
            .Which.Message.Should().ContainAll(parts).And.Contain(_folder).And.NotContain("\n");

    private void Write(string json) => File.WriteAllText(Path.Combine(_folder, "config.json"), json);

    private static JsonObject Llama() => RandomModel.ConfigOf(RandomModels.LlamaRelu);

    private static JsonObject Opt() => RandomModel.ConfigOf(RandomModels.OptPreNorm);
}
