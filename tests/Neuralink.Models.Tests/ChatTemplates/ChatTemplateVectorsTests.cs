using System.Text.Json;
using Neuralink.Models.ChatTemplates.Jinja;
using Neuralink.Models.Tests.Tokenizers;

namespace Neuralink.Models.Tests.ChatTemplates;

/// <summary>
/// Templates of published models, and small ones for each construct, render what Hugging Face's own Jinja and Python's jinja2 render.
/// </summary>
public sealed class ChatTemplateVectorsTests
{
    private const string Folder = "../checkpoints/chat-templates";

    /// <summary>Keys of a vector that are no part of its context.</summary>
    private static readonly string[] s_about = ["what", "rendered", "error", "extra", "oracle"];

    public static TheoryData<string> Templates()
    {
        string folder = RepositoryFiles.SharedData(Folder);
        string[] found = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.jinja") : [];
        return [.. found.Select(path => Path.GetFileNameWithoutExtension(path)!).Order().DefaultIfEmpty("none")];
    }

    [SharedDataTheory($"{Folder}/README.md")]
    [MemberData(nameof(Templates))]
    public void A_published_template_renders_every_conversation(string name)
    {
        JinjaTemplate template = JinjaTemplate.Parse(File.ReadAllText(RepositoryFiles.SharedData($"{Folder}/{name}.jinja")));
        string[] lines = File.ReadAllLines(RepositoryFiles.SharedData($"{Folder}/{name}.vectors.jsonl"));
        lines.Should().HaveCountGreaterThan(10);
        foreach (string line in lines)
        {
            using JsonDocument vector = JsonDocument.Parse(line);
            Dictionary<string, object?> context = ContextOf(vector.RootElement.EnumerateObject().Where(p => !s_about.Contains(p.Name)));
            if (vector.RootElement.TryGetProperty("extra", out JsonElement extra))
            {
                foreach ((string key, object? value) in ContextOf(extra.EnumerateObject()))
                    context[key] = value;
            }
            Check(vector.RootElement, () => template.Render(context, DateTimeOffset.UnixEpoch), name);
        }
    }

    [SharedDataTheory($"{Folder}/README.md")]
    [InlineData("constructs.jsonl", 130)]
    [InlineData("constructs-jinja2.jsonl", 25)]
    public void Every_construct_renders_as_in_jinja2(string file, int atLeast)
    {
        string[] lines = File.ReadAllLines(RepositoryFiles.SharedData($"{Folder}/{file}"));
        lines.Should().HaveCountGreaterThan(atLeast);
        foreach (string line in lines)
        {
            using JsonDocument vector = JsonDocument.Parse(line);
            string template = vector.RootElement.GetProperty("template").GetString()!;
            Dictionary<string, object?> context = ContextOf(vector.RootElement.GetProperty("context").EnumerateObject());
            Check(vector.RootElement, () => JinjaTemplate.Parse(template).Render(context, DateTimeOffset.UnixEpoch), template);
        }
    }

    private static Dictionary<string, object?> ContextOf(IEnumerable<JsonProperty> properties) =>
        properties.ToDictionary(p => p.Name, p => PythonJson.Read(p.Value));

    private static void Check(JsonElement vector, Func<string> render, string of)
    {
        if (vector.TryGetProperty("rendered", out JsonElement rendered))
        {
            render.Should().NotThrow("of {0}", of).Which.Should().Be(rendered.GetString(), "of {0}", of);
            return;
        }
        JinjaException error = render.Should().Throw<JinjaException>("of {0}", of).Which;
        error.Line.Should().BePositive();
        JsonElement expected = vector.GetProperty("error");
        if (expected.ValueKind == JsonValueKind.String)
            (error.IsRaised, error.Message).Should().Be((true, expected.GetString()!));
    }
}
