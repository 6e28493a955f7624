using System.Text.Json;
using System.Text.RegularExpressions;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests;

/// <summary>README lists what there is, and nothing else.</summary>
[Collection(PackedModelFixture.Name)]
public sealed partial class ReadmeTests(PackedModelFixture model) : IDisposable
{
    private static readonly string s_readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Its_table_has_every_option_of_generate()
    {
        string help = (await _home.RunAsync("generate", "--help")).Out;
        string options = help[help.IndexOf("Options:", StringComparison.Ordinal)..help.IndexOf("Examples:", StringComparison.Ordinal)];
        IEnumerable<string> inHelp = options.Split('\n').Select(line => OptionInHelp().Match(line)).Where(m => m.Success)
            .Select(m => m.Groups["name"].Value).Except(["--help", "--verbose"]);
        IEnumerable<string> inReadme = Rows("### Options of `generate`").SelectMany(
            row => OptionName().Matches(row.Split(" | ")[0]).Select(m => m.Value));
        inReadme.Should().BeEquivalentTo(inHelp);
    }

    [Fact]
    public async Task Its_section_on_bench_names_every_dimension()
    {
        string help = (await _home.RunAsync("bench", "--help")).Out;
        int begin = s_readme.IndexOf("### Measure with `bench`", StringComparison.Ordinal);
        string section = s_readme[begin..s_readme.IndexOf("\n## ", begin, StringComparison.Ordinal)];
        string[] lists = [.. help.Split('\n').Where(line => line.Contains(",...>", StringComparison.Ordinal)).Select(line => line.Trim())];
        lists.Should().HaveCountGreaterThan(10).And.AllSatisfy(line => section.Should().Contain(line.Split(' ', ',')[0]));
    }

    [Fact]
    public async Task Its_table_has_every_choice_of_a_word()
    {
        string help = (await _home.RunAsync("generate", "--help")).Out;
        foreach (string choices in (string[])[
            "serial|prefetch|cluster|prefetch+cluster|stream|llmflash|frequency", "lfu|s3-fifo|lru|window|none", "direct|buffered|uring",
            "f16|bf16|f32"])
        {
            help.Should().Contain(choices);
            Rows("### Options of `generate`").Should().ContainSingle(
                row => row.Contains(choices.Replace("|", "\\|", StringComparison.Ordinal), StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Its_table_has_every_command()
    {
        string help = (await _home.RunAsync("--help")).Out;
        string commands = help[help.IndexOf("Commands:", StringComparison.Ordinal)..help.IndexOf("Examples:", StringComparison.Ordinal)];
        IEnumerable<string> inHelp = commands.Split('\n').Select(line => CommandInHelp().Match(line)).Where(m => m.Success)
            .Select(m => m.Groups["name"].Value);
        string table = string.Concat(Rows("## Commands").Select(row => row.Split(" | ")[0]));
        inHelp.Should().HaveCountGreaterThan(10).And.AllSatisfy(name => table.Should().Contain(name));
    }

    [Fact]
    public async Task Its_contract_names_every_field_of_the_json()
    {
        CliResult run = await _home.RunAsync("generate", "-m", model.Image, "-p", "Once", "-n", "2", "--json", "--io", "buffered");
        using JsonDocument document = JsonDocument.Parse(run.Out);
        string contract = s_readme[
            s_readme.IndexOf("### JSON", StringComparison.Ordinal)..s_readme.IndexOf("### Order the neurons", StringComparison.Ordinal)
        ];
        JsonElement root = document.RootElement;
        IEnumerable<JsonProperty> fields =
        [
            .. root.EnumerateObject(),
            .. ((string[])["timings", "io", "memory"]).SelectMany(part => root.GetProperty(part).EnumerateObject())
        ];
        fields.Select(field => $"\"{field.Name}\"").Should().AllSatisfy(name => contract.Should().Contain(name));
    }

    /// <summary>The rows of the first table after a heading, without the table's own heading.</summary>
    private static string[] Rows(string heading) =>
        [
            .. s_readme[s_readme.IndexOf($"{heading}\n", StringComparison.Ordinal)..].Split('\n').SkipWhile(line => !line.StartsWith('|'))
                .TakeWhile(line => line.StartsWith('|')).Skip(2)
        ];

    [GeneratedRegex("^  (-[a-z], )?(?<name>--[a-z0-9-]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex OptionInHelp();

    [GeneratedRegex("--[a-z0-9-]+")]
    private static partial Regex OptionName();

    [GeneratedRegex("^  (?<name>[a-z][a-z-]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex CommandInHelp();
}
