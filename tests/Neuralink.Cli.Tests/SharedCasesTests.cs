using System.Text.Json;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests;

/// <summary>
/// What users give the command, and what should happen: the cases kept beside the repository, those that are one call of the command.
/// </summary>
public sealed class SharedCasesTests : IDisposable
{
    private readonly TestHome _home = new();

    public static TheoryData<string> Names => new(
        SharedCases.All.Where(c => c.TryGetProperty("command", out JsonElement command) && command.ValueKind == JsonValueKind.Array)
            .Select(SharedCases.NameOf));

    public void Dispose() => _home.Dispose();

    [SharedCasesTheory]
    [MemberData(nameof(Names))]
    public async Task Is_as_expected(string name)
    {
        JsonElement wanted = SharedCases.All.Single(c => SharedCases.NameOf(c) == name);
        string model = LayOut(wanted);
        string[] args = [.. Texts(wanted.GetProperty("command")).Select(arg => arg.Replace("{model}", model, StringComparison.Ordinal))];
        CliResult run = await _home.RunAsync(args);
        string[] differences = [.. Differences(wanted.GetProperty("expect"), run)];
        if (differences.Length > 0 && wanted.TryGetProperty("or", out JsonElement other))
            differences = [.. Differences(other, run)];
        differences.Should().BeEmpty("{0} It said: {1}", wanted.GetProperty("why"), run.Error);
        run.Error.Should().NotContain("   at ");
    }

    /// <summary>The base of a case less what it removes, with its own files laid over.</summary>
    private string LayOut(JsonElement wanted)
    {
        string folder = Directory.CreateDirectory(_home.PathOf("model")).FullName;
        if (wanted.GetProperty("base").GetString() is { } model)
            Copy(model);
        foreach (string removed in wanted.TryGetProperty("remove", out JsonElement list) ? Texts(list) : [])
            File.Delete(Path.Combine(folder, removed));
        if (wanted.GetProperty("overlay").GetString() is { } overlay)
            Copy(overlay);
        return folder;

        void Copy(string name)
        {
            foreach (string file in Directory.EnumerateFiles(Path.Combine(SharedCases.Folder, name)))
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }
    }

    private static IEnumerable<string> Differences(JsonElement expect, CliResult run)
    {
        if (run.Code != expect.GetProperty("exit").GetInt32())
            yield return $"exit {run.Code}";
        else if (expect.TryGetProperty("stdout", out JsonElement text) && run.Out != text.GetString())
            yield return $"stdout {run.Out}";
        else if (expect.TryGetProperty("tokens", out JsonElement tokens) && TokensOf(run) != Compact(tokens))
            yield return $"other tokens: {run.Out}";
        foreach (string words in expect.TryGetProperty("stderr_contains", out JsonElement needed) ? Texts(needed) : [])
        {
            if (!words.Split('|').Any(word => run.Error.Contains(word, StringComparison.OrdinalIgnoreCase)))
                yield return $"stderr lacks {words}";
        }
        foreach (string words in expect.TryGetProperty("stderr_lacks", out JsonElement unwanted) ? Texts(unwanted) : [])
        {
            if (words.Split('|').Any(word => run.Error.Contains(word, StringComparison.OrdinalIgnoreCase)))
                yield return $"stderr says {words}";
        }
    }

    private static IEnumerable<string> Texts(JsonElement list) => list.EnumerateArray().Select(item => item.GetString()!);

    private static string TokensOf(CliResult run) => Compact(JsonDocument.Parse(run.Out).RootElement.GetProperty("tokens"));

    private static string Compact(JsonElement numbers) => string.Join(',', numbers.EnumerateArray().Select(number => number.GetRawText()));
}

/// <summary>The cases kept beside the repository.</summary>
internal static class SharedCases
{
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(Repository.Root, "..", "shared", "cases"));

    public static JsonElement[] All { get; } = Read();

    public static string NameOf(JsonElement wanted) => wanted.GetProperty("name").GetString()!;

    private static JsonElement[] Read()
    {
        string path = Path.Combine(Folder, "cases.json");
        return File.Exists(path) ? [.. JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.EnumerateArray()] : [];
    }
}

/// <summary>A theory over the cases kept beside the repository; skipped, with the reason, where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedCasesTheoryAttribute : TheoryAttribute
{
    public SharedCasesTheoryAttribute()
    {
        if (SharedCases.All.Length == 0)
            Skip = "the cases ../shared/cases are not beside this repository";
    }
}
