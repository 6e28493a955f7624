using System.Text.Json;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests;

/// <summary>The GGUF files kept beside the repository: good ones with llama.cpp's tokens, and files with one fault each.</summary>
public sealed class SharedGgufTests : IDisposable
{
    private readonly TestHome _home = new();

    public static TheoryData<string> Good => new(SharedGguf.Good);

    public static TheoryData<string> Hostile => new(SharedGguf.Hostile.Keys);

    public void Dispose() => _home.Dispose();

    [SharedGgufTheory]
    [MemberData(nameof(Good))]
    public async Task A_good_file_generates_the_tokens_of_llama_cpp_in_its_own_types_and_in_f32(string name)
    {
        JsonElement expected = SharedGguf.Read($"{name}.expect.json");
        string[] asItIs =
        [
            "generate", "-m", Path.Combine(SharedGguf.Folder, $"{name}.gguf"), "-p", expected.GetProperty("prompt").GetString()!, "-n", "8",
            "--temperature", "0", "--json",
        ];
        CliResult kept = await _home.RunAsync(asItIs);
        Tokens(kept).Should().Equal(Tokens(expected.GetProperty("llama_cpp")));
        string[] args = [.. asItIs, "--weights", "f32"];
        Tokens(await _home.RunAsync(args)).Should().Equal(Tokens(expected.GetProperty("llama_cpp")));
        if (expected.TryGetProperty("ref_relu", out JsonElement relu))
        {
            CliResult stated = await _home.RunAsync([.. args, "--activation", "relu"]);
            Tokens(stated).Should().Equal(Tokens(relu));
            stated.Error.Should().Contain("ReLU, as --activation states");
            kept.Error.Should().Contain("SiLU").And.Contain("--activation");
        }
    }

    [SharedGgufTheory]
    [MemberData(nameof(Hostile))]
    public async Task A_file_with_a_fault_is_refused_in_words(string name)
    {
        JsonElement expected = SharedGguf.Hostile[name];
        CliResult run = await _home.RunAsync(
            "generate", "-m", Path.Combine(SharedGguf.Folder, "hostile", $"{name}.gguf"), "-p", "a", "-n", "4", "--temperature", "0");
        if (expected.GetProperty("load").GetBoolean())
        {
            run.Code.Should().Be(0, run.Error);
            return;
        }
        run.Code.Should().Be(1, run.Error);
        run.Error.Should().NotContain("   at ");
        foreach (JsonElement words in expected.GetProperty("stderr_contains").EnumerateArray())
            words.GetString()!.Split('|').Should().Contain(word => run.Error.Contains(word), run.Error);
    }

    private static IEnumerable<int> Tokens(CliResult run) => Tokens(JsonDocument.Parse(run.Out).RootElement);

    private static IEnumerable<int> Tokens(JsonElement holder) => holder.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32());
}

/// <summary>Where those files are.</summary>
internal static class SharedGguf
{
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(Repository.Root, "..", "shared", "checkpoints", "gguf"));

    public static bool IsThere { get; } = Directory.Exists(Folder);

    public static IEnumerable<string> Good => IsThere
        ? Directory.GetFiles(Folder, "*.gguf").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)
        : [];

    public static IReadOnlyDictionary<string, JsonElement> Hostile { get; } = IsThere
        ? Read("hostile/expect.json").EnumerateObject().ToDictionary(file => file.Name, file => file.Value)
        : new Dictionary<string, JsonElement>();

    public static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, file))).RootElement;
}

/// <summary>A theory over them; skipped, with the reason, where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedGgufTheoryAttribute : TheoryAttribute
{
    public SharedGgufTheoryAttribute()
    {
        if (!SharedGguf.IsThere)
            Skip = "the files ../shared/checkpoints/gguf are not beside this repository";
    }
}
