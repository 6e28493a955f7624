using System.Text.Json.Nodes;

namespace Neuralink.Models.Tests.Configuration;

public sealed class WindowReaderTests : IDisposable
{
    private const string AllFull = """["full_attention", "full_attention", "full_attention"]""";
    private const string AllSliding = """["sliding_attention", "sliding_attention", "sliding_attention"]""";
    private const string Mixed = """["full_attention", "sliding_attention", "full_attention"]""";

    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama", """{ "sliding_window": 4 }""", null)]
    [InlineData("llama", """{ "sliding_window": 4, "use_sliding_window": false }""", null)]
    [InlineData("llama", """{ "sliding_window": 4, "use_sliding_window": true, "max_window_layers": 2 }""", null)]
    [InlineData("llama", $$"""{ "layer_types": {{AllFull}} }""", null)]
    [InlineData("sparsellama", """{ "sliding_window": 4 }""", null)]
    [InlineData("mistral", """{ "sliding_window": 4 }""", 4)]
    [InlineData("mistral", """{ "sliding_window": null }""", null)]
    [InlineData("mistral", "{ }", 4096)]
    [InlineData("mistral", """{ "sliding_window": 4, "use_sliding_window": true }""", 4)]
    [InlineData("mistral", """{ "sliding_window": 4, "use_sliding_window": false, "max_window_layers": 2 }""", null)]
    [InlineData("mistral", """{ "use_sliding_window": false }""", null)]
    [InlineData("mistral", """{ "sliding_window": 4, "max_window_layers": 0 }""", 4)]
    [InlineData("mistral", $$"""{ "sliding_window": 4, "layer_types": {{AllSliding}} }""", 4)]
    [InlineData("mistral", $$"""{ "sliding_window": null, "layer_types": {{AllFull}} }""", null)]
    [InlineData("bamboo", """{ "sliding_window": 4 }""", 4)]
    [InlineData("bamboo", "{ }", 4096)]
    public void The_window_of_a_family_that_has_one(string type, string fields, int? expected) =>
        _folder.Read(Config(type, fields)).SlidingWindow.Should().Be(expected);

    [Theory]
    [InlineData("llama", $$"""{ "layer_types": {{Mixed}} }""", "layer_types[1]", "full_attention in every layer", "\"sliding_attention\"")]
    [InlineData("mistral", $$"""{ "sliding_window": 4, "layer_types": {{Mixed}} }""", "layer_types[0]", "\"full_attention\"")]
    [InlineData("mistral", $$"""{ "sliding_window": 4, "layer_types": {{AllFull}} }""", "layer_types[0]", "sliding_window is 4")]
    [InlineData("mistral", $$"""{ "sliding_window": null, "layer_types": {{AllSliding}} }""", "layer_types[0]", "no sliding window")]
    [InlineData("mistral", """{ "sliding_window": 4, "max_window_layers": 2 }""", "max_window_layers", "sliding_window 4", "found 2")]
    [InlineData("mistral", """{ "sliding_window": 0 }""", "sliding_window", "positive", "found 0")]
    [InlineData("mistral", """{ "sliding_window": -1 }""", "sliding_window", "positive", "found -1")]
    [InlineData("mistral", """{ "sliding_window": "4096" }""", "sliding_window", "an integer")]
    [InlineData("mistral", """{ "sliding_window": 4096.0 }""", "sliding_window", "an integer", "4096.0")]
    [InlineData("mistral", """{ "use_sliding_window": "no" }""", "use_sliding_window", "true or false")]
    public void Layers_that_differ_and_contradictions_are_refused(string type, string fields, params string[] parts) =>
        _folder.Refused(Config(type, fields), parts);

    private static JsonObject Config(string type, string fields)
    {
        JsonObject config = type is "mistral" or "bamboo" ? ConfigFolder.Mistral : ConfigFolder.Llama;
        config["model_type"] = type;
        config.Remove("sliding_window");
        foreach ((string key, JsonNode? value) in JsonNode.Parse(fields)!.AsObject())
            config[key] = value?.DeepClone();
        return config;
    }
}
