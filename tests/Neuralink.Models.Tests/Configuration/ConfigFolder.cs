using System.Text.Json.Nodes;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Configuration;

/// <summary>A model's folder with nothing but its configuration, read as a whole.</summary>
internal sealed class ConfigFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    /// <summary>What the last reading had to tell the user.</summary>
    public List<string> Notes { get; } = [];

    public static JsonObject Llama => RandomModel.ConfigOf(RandomModels.LlamaRelu);

    public static JsonObject Mistral => RandomModel.ConfigOf(RandomModels.ByName("mistral-relu"));

    public static JsonObject Bamboo => RandomModel.ConfigOf(RandomModels.ByName("bamboo-drelu"));

    public static JsonObject Opt => RandomModel.ConfigOf(RandomModels.OptPreNorm);

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    public ModelConfig Read(JsonObject config)
    {
        Write("config.json", config.ToJsonString());
        Notes.Clear();
        return HuggingFaceConfig.Read(_folder, Notes.Add);
    }

    /// <summary>Reads <paramref name="config"/> with one more field, given as JSON.</summary>
    public ModelConfig Read(JsonObject config, string key, string value) => Read(With(config, key, value));

    public void Refused(JsonObject config, params string[] parts) =>
        FluentActions.Invoking(() => Read(config)).Should().Throw<NeuralinkException>("of {0}", config.ToJsonString())
            .Which.Message.Should().ContainAll(["config.json", .. parts]).And.NotContain("\n");

    public void Refused(JsonObject config, string key, string value, params string[] parts) => Refused(With(config, key, value), parts);

    public static JsonObject With(JsonObject config, string key, string value)
    {
        config[key] = JsonNode.Parse(value);
        return config;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
