using System.Text.Json.Nodes;
using Neuralink.Models.Configuration;

namespace Neuralink.Models.Tests.Configuration;

/// <summary>Rotary settings are taken from wherever they stand, and refused where two places disagree.</summary>
public sealed class RopeReaderTests : IDisposable
{
    private static readonly RopeScaling s_linear = new() { Kind = RopeScalingKind.Linear, Factor = 2 };

    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("null", "null", "null", 10000)]
    [InlineData("500", "null", "null", 500)]
    [InlineData("1000000", """{ "rope_type": "default" }""", "null", 1000000)]
    [InlineData("null", """{ "rope_type": "default", "rope_theta": 500.0 }""", "null", 500)]
    [InlineData("500.0", """{ "rope_theta": 500 }""", """{ "rope_theta": 5e2, "rope_type": "default" }""", 500)]
    [InlineData("null", "{}", "{}", 10000)]
    public void The_base_is_found_wherever_it_is_stated(string theta, string parameters, string scaling, float expected)
    {
        ModelConfig config = _folder.Read(Config(theta, parameters, scaling));
        config.RopeTheta.Should().Be(expected);
        config.RopeScaling.Should().BeNull();
    }

    [Theory]
    [InlineData("null", """{ "type": "linear", "factor": 2 }""")]
    [InlineData("""{ "rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0 }""", "null")]
    [InlineData("""{ "rope_theta": 10000.0 }""", """{ "type": "linear", "rope_type": "linear", "factor": 2.0 }""")]
    [InlineData("""{ "rope_type": "linear", "factor": 2.0 }""", """{ "type": "linear", "factor": 2 }""")]
    [InlineData("null", """{ "type": "linear", "factor": 2, "original_max_position_embeddings": 4096, "mscale": null }""")]
    [InlineData("null", """{ "type": "linear", "factor": 2, "partial_rotary_factor": 1.0 }""")]
    public void Scaling_is_found_wherever_it_is_stated(string parameters, string scaling) =>
        _folder.Read(Config("null", parameters, scaling)).RopeScaling.Should().Be(s_linear);

    [Theory]
    [InlineData("1000000", """{ "rope_theta": 10000.0 }""", "null", "rope_parameters.rope_theta", "1000000, as rope_theta has it")]
    [InlineData("null", """{ "rope_theta": 5 }""", """{ "rope_theta": 6 }""", "rope_scaling.rope_theta", "as rope_parameters.rope_theta")]
    [InlineData("null", """{ "rope_type": "default" }""", """{ "type": "linear", "factor": 2 }""", "rope_parameters", "rope_scaling")]
    [InlineData("null", """{ "rope_type": "linear", "factor": 4 }""", """{ "type": "linear", "factor": 2 }""", "rope_parameters")]
    [InlineData("null", "null", """{ "rope_type": "llama3", "type": "yarn" }""", "rope_type", "\"yarn\", as rope_scaling.type has it")]
    public void Two_places_that_disagree_are_both_named(string theta, string parameters, string scaling, params string[] parts) =>
        _folder.Refused(Config(theta, parameters, scaling), parts);

    [Theory]
    [InlineData("""{ "type": "spiral", "factor": 2.0 }""", "rope_scaling.type", "\"spiral\"", "not supported")]
    [InlineData("""{ "type": "dynamic", "factor": 0.5 }""", "rope_scaling.factor", "1 or more")]
    [InlineData("""{ "type": "dynamic", "factor": 2, "original_max_position_embeddings": 48 }""", "96, as max_position_embeddings has it")]
    [InlineData("""{ "rope_type": "yarn", "factor": 2.0, "beta_fast": 1, "beta_slow": 2 }""", "0 < beta_slow < beta_fast")]
    [InlineData("""{ "rope_type": "yarn", "factor": 2.0, "short_factor": [1] }""", "short_factor", "no such setting of type \"yarn\"")]
    [InlineData("""{ "rope_type": "longrope", "short_factor": [1], "long_factor": [1] }""", "6 positive short and long factors")]
    [InlineData("""{ "factor": 2.0 }""", "rope_scaling.rope_type", "the factor 2.0", "no such field")]
    [InlineData("""{ "rope_type": "default", "factor": 2.0 }""", "the factor 2.0", "\"default\"")]
    [InlineData("""{ "rope_type": "linear", "factor": 2.0, "beta_fast": 32 }""", "beta_fast", "no such setting of type \"linear\"")]
    [InlineData("""{ "rope_type": "default", "partial_rotary_factor": 0.5 }""", "partial_rotary_factor", "all of a head")]
    [InlineData("""{ "full_attention": { "rope_type": "default" } }""", "full_attention", "one set of rotary settings for all layers")]
    [InlineData("""{ "rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4 }""", "original_max")]
    [InlineData("\"linear\"", "rope_scaling", "an object")]
    public void What_is_not_supported_is_named(string scaling, params string[] parts) =>
        _folder.Refused(Config("null", "null", scaling), parts);

    private static JsonObject Config(string theta, string parameters, string scaling)
    {
        JsonObject config = ConfigFolder.Llama;
        config["rope_theta"] = JsonNode.Parse(theta);
        config["rope_parameters"] = JsonNode.Parse(parameters);
        config["rope_scaling"] = JsonNode.Parse(scaling);
        return config;
    }
}
