using System.Text.Json;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Models;

/// <summary>
/// Checkpoints kept beside the repository, good, hostile and broken: each generates the tokens it should, or is refused in a line that says
/// why.
/// </summary>
public sealed class SharedCheckpointsTests : IDisposable
{
    private readonly TestHome _home = new();

    public static TheoryData<string> Pickles => new(SharedCheckpoints.Names("pickle"));

    public static TheoryData<string> ByTorch => new(SharedCheckpoints.Names("pickle-by-torch"));

    public void Dispose() => _home.Dispose();

    [SharedCheckpointsTheory]
    [MemberData(nameof(Pickles))]
    public async Task A_pickled_checkpoint_is_as_expected(string name)
    {
        string folder = Path.Combine(SharedCheckpoints.Folder, "pickle", name);
        JsonElement expect = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder, "expect.json"))).RootElement;
        if (expect.GetProperty("load").GetBoolean())
        {
            (await Tokens(folder, expect.GetProperty("prompt").GetString()!)).Should().Be(Compact(expect.GetProperty("tokens")));
            return;
        }
        string model = LayOver(Path.Combine(SharedCheckpoints.Folder, "pickle", expect.GetProperty("base").GetString()!), folder);
        CliResult run = await _home.RunAsync("generate", "-m", model, "-p", "a", "-n", "1");
        run.ShouldFail(1);
        foreach (JsonElement words in expect.GetProperty("stderr_contains").EnumerateArray())
            run.Error.Should().ContainAny(words.GetString()!.Split('|'));
        foreach (string place in (string[])[_home.Folder, model, Environment.CurrentDirectory, "/", Path.GetTempPath()])
            File.Exists(Path.Combine(place, "NEURALINK_WAS_HERE")).Should().BeFalse();
    }

    [SharedCheckpointsTheory]
    [MemberData(nameof(ByTorch))]
    public async Task What_PyTorch_saved_gives_the_tokens_of_its_base(string name)
    {
        string source = Path.Combine(
            SharedCheckpoints.Folder, "..", "cases", name.StartsWith("opt", StringComparison.Ordinal) ? "base-opt" : "base-llama");
        const string prompt = "Once upon a midnight dreary 42";
        (await Tokens(Path.Combine(SharedCheckpoints.Folder, "pickle-by-torch", name), prompt)).Should().Be(await Tokens(source, prompt));
    }

    [SharedCheckpointsTheory]
    [InlineData("reglu-llama.powerinfer.gguf")]
    public async Task A_model_of_PowerInfer_runs_exactly_and_by_its_own_predictors(string name)
    {
        string path = Path.Combine(SharedCheckpoints.Folder, "powerinfer", name);
        JsonElement expect = JsonDocument.Parse(await File.ReadAllBytesAsync($"{path}.expect.json")).RootElement;
        string prompt = expect.GetProperty("prompt").GetString()!, tokens = Compact(expect.GetProperty("tokens"));
        int count = expect.GetProperty("tokens").GetArrayLength();
        (await Tokens(path, prompt, count)).Should().Be(tokens);
        (await Tokens(path, prompt, count, "--predictor", "low-rank")).Should().Be(tokens, "these predictors are exact by construction");
    }

    private async Task<string> Tokens(string model, string prompt, int count = 12, params string[] more)
    {
        CliResult run = await _home.RunAsync(
            ["generate", "-m", model, "-p", prompt, "-n", $"{count}", "--temperature", "0", "--json", .. more]);
        run.Code.Should().Be(0, run.Error);
        return Compact(JsonDocument.Parse(run.Out).RootElement.GetProperty("tokens"));
    }

    private string LayOver(string source, string folder)
    {
        string model = Directory.CreateDirectory(_home.PathOf("model")).FullName;
        foreach (string file in Directory.EnumerateFiles(source).Concat(Directory.EnumerateFiles(folder)))
            File.Copy(file, Path.Combine(model, Path.GetFileName(file)), overwrite: true);
        return model;
    }

    private static string Compact(JsonElement numbers) => string.Join(',', numbers.EnumerateArray().Select(number => number.GetRawText()));
}

/// <summary>The checkpoints kept beside the repository.</summary>
internal static class SharedCheckpoints
{
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(Repository.Root, "..", "shared", "checkpoints"));

    /// <summary>The folders of a kind.</summary>
    public static IEnumerable<string> Names(string kind) => Directory.Exists(Path.Combine(Folder, kind))
        ? Directory.EnumerateDirectories(Path.Combine(Folder, kind)).Select(path => Path.GetFileName(path)).Where(name => name != "make")
            .Order(StringComparer.Ordinal)
        : [];
}

/// <summary>A theory over the checkpoints kept beside the repository; skipped, with the reason, where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedCheckpointsTheoryAttribute : TheoryAttribute
{
    public SharedCheckpointsTheoryAttribute()
    {
        if (!Directory.Exists(SharedCheckpoints.Folder))
            Skip = "the checkpoints ../shared/checkpoints are not beside this repository";
    }
}
