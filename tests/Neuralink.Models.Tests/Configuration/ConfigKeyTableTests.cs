using System.Text.Json.Nodes;
using Neuralink.Models.Configuration;

namespace Neuralink.Models.Tests.Configuration;

/// <summary>Every key has the fate that the table gives it: the readers and the table cannot drift apart.</summary>
public sealed class ConfigKeyTableTests : IDisposable
{
    // No key takes this value, so whoever reads the key refuses it.
    private const string Nonsense = """[[{ "x": "y" }]]""";

    private readonly ConfigFolder _folder = new();

    public static TheoryData<string> Types => new(PublishedModelType.All.Select(type => type.Name));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void A_key_that_is_used_is_read(string type)
    {
        foreach (ConfigKey key in Table(type).Where(key => key.Fate == KeyFate.Used))
            _folder.Refused(Config(type), key.Name, Nonsense, key.Name);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_key_that_makes_no_difference_makes_none(string type)
    {
        ModelConfig plain = _folder.Read(Config(type));
        foreach (ConfigKey key in Table(type).Where(key => key.Fate == KeyFate.NoDifference))
        {
            _folder.Read(Config(type), key.Name, Nonsense).Should().BeEquivalentTo(plain, "of {0}", key.Name);
            _folder.Notes.Should().BeEmpty("of {0}", key.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_key_that_would_change_the_forward_pass_is_refused_unless_it_is_off(string type)
    {
        ModelConfig plain = _folder.Read(Config(type));
        foreach (ConfigKey key in Table(type).Where(key => key.Fate == KeyFate.Refused))
        {
            foreach (string value in (string[])[Nonsense, "0.5", "\"other\"", """{ "a": 1 }"""])
                _folder.Refused(Config(type), key.Name, value, key.Name, key.Reason);
            string neutral = key.Neutral is string text ? $"\"{text}\"" : $"{key.Neutral ?? false}".ToLowerInvariant();
            foreach (string value in (string[])[neutral, "null", "false", "0", "0.0", "\"\"", "[]", "{}"])
                _folder.Read(Config(type), key.Name, value).Should().BeEquivalentTo(plain, "of {0}", key.Name);
        }
    }

    [Theory]
    [InlineData("use_qk_normalization_norm", "true")]
    [InlineData("attention_window_size", "128")]
    [InlineData("foo_multiplier", "2.5")]
    [InlineData("logit_softcapping_v2", "30")]
    [InlineData("moe_layers", "[1, 2]")]
    [InlineData("rope_new_kind", "\"spiral\"")]
    public void An_unknown_key_with_a_word_of_the_forward_pass_is_refused(string key, string value) =>
        _folder.Refused(ConfigFolder.Llama, key, value, $"at {key}:", "may change the forward pass");

    [Theory]
    [InlineData("use_qk_normalization_norm", "false")]
    [InlineData("attention_window_size", "null")]
    [InlineData("logit_softcapping_v2", "0.0")]
    [InlineData("moe_layers", "[]")]
    [InlineData("resid_pdrop", "0.1")]
    [InlineData("attn_pdrop", "0.1")]
    [InlineData("layerdrop", "0.1")]
    public void An_unknown_key_that_is_off_or_of_training_is_passed_over(string key, string value)
    {
        _folder.Read(ConfigFolder.Llama, key, value).Should().BeEquivalentTo(_folder.Read(ConfigFolder.Llama));
        _folder.Notes.Should().BeEmpty();
    }

    [Fact]
    public void Other_unknown_keys_are_ignored_and_named()
    {
        JsonObject config = ConfigFolder.Llama;
        (config["freeze_backbone"], config["my_run"], config["rank"]) = (true, "v7", 3);
        ModelConfig read = _folder.Read(config);
        _folder.Notes.Should().ContainSingle().Which.Should().Contain("config.json: ignored freeze_backbone, my_run, rank, which");
        read.Should().BeEquivalentTo(_folder.Read(ConfigFolder.Llama));
    }

    // With what makes every optional key count: a threshold, a way of scaling that has a length, a window in all layers.
    private static JsonObject Config(string type)
    {
        JsonObject config = type switch
        {
            "opt" => ConfigFolder.Opt,
            "bamboo" => ConfigFolder.Bamboo,
            "mistral" => ConfigFolder.Mistral,
            _ => ConfigFolder.Llama,
        };
        config["model_type"] = type;
        if (type == "opt")
            return config;
        if (!RectifiesBoth(type))
            (config[type == "falcon" ? "activation" : "hidden_act"], config["hidden_act_param"]) = ("fatrelu", 0.1);
        if (type == "falcon")
            config["new_decoder_architecture"] = true;
        if (type is "mistral" or "qwen2" or "sparseqwen2" or "qwen3" or "phi3")
            (config["sliding_window"], config["use_sliding_window"], config["max_window_layers"]) = (8, true, 0);
        config["rope_scaling"] = JsonNode.Parse("""{ "rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4 }""");
        config["original_max_position_embeddings"] = 16;
        return config;
    }

    private static bool RectifiesBoth(string type) => PublishedModelType.Find(type)!.RectifiesBoth;

    // A relu of both branches has no parameter.
    private static IEnumerable<ConfigKey> Table(string type) =>
        PublishedModelType.Find(type)!.Keys.Values
            .Where(key => !RectifiesBoth(type) || key.Name != "hidden_act_param");
}
