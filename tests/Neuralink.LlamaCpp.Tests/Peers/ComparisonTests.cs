using System.Diagnostics;
using System.Text.Json;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Export;
using Neuralink.Tests.Support;

namespace Neuralink.LlamaCpp.Tests.Peers;

/// <summary>The program itself, with both engines in processes of their own, on the bundled model: what it prints, not how fast.</summary>
public sealed class ComparisonTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Both_engines_and_one_that_is_described_stand_side_by_side_with_the_same_tokens()
    {
        if (!OperatingSystem.IsLinux())
            return;
        string gguf = Path.Combine(_folder, "model.gguf"), peer = Path.Combine(_folder, "peer.json"), broken = peer + "2";
        using (Checkpoint source = Checkpoint.Open(BundledModel.Folder))
            GgufExporter.Write(source, gguf, "tiny");
        string described = $$"""
            { "name": "described", "command": ["/bin/echo", "eval {tokens} at 250 tokens/s"], "model": "{{gguf}}", "rate": "at (\\d+) tok" }
            """;
        await File.WriteAllTextAsync(peer, described);
        await File.WriteAllTextAsync(broken, described.Replace("/bin/echo", "/bin/false").Replace("described", "broken"));
        (int code, string output, string notes) = await RunAsync(
            "compare", "--image", BundledModel.Image, "--gguf", gguf, "--peer", peer, "--peer", broken, "--tokens", "6", "--rounds", "2",
            "--probe", "0", "--output", "jsonl", "--limit", "512MiB", "--memory", "32MiB", "--threads", "1");
        JsonElement[] runs = [.. output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        runs.Select(r => $"{r.GetProperty("round")} {r.GetProperty("peer")}").Should().Equal(
            "0 neuralink", "0 llama.cpp, mmap", "0 described", "1 llama.cpp, mmap", "1 described", "1 neuralink");
        runs.Should().OnlyContain(r => r.GetProperty("millis_per_token").GetDouble() > 0 && r.GetProperty("read_bytes").GetInt64() >= 0);
        runs.Where(r => r.GetProperty("peer").GetString() != "described")
            .Should().OnlyContain(r => r.GetProperty("same_tokens").GetBoolean());
        code.Should().Be(1, "one engine failed");
        notes.Should().Contain("peers: cannot run broken").And.Contain("it is not run again");
        if (!notes.Contains("under a memory limit is skipped", StringComparison.Ordinal))
            runs.Should().OnlyContain(r => r.GetProperty("peak_bytes").GetInt64() > 0);
    }

    [Theory]
    [InlineData(2, "usage: ")]
    [InlineData(2, "compare: --image IMG is missing", "compare")]
    [InlineData(1, "the model /nowhere.nlk, found no such file or folder", "compare", "--image", "/nowhere.nlk")]
    public async Task A_wrong_command_line_is_one_error(int code, string part, params string[] arguments)
    {
        (int returned, string output, string notes) = await RunAsync(arguments);
        (returned, output).Should().Be((code, ""));
        notes.Should().Contain(part).And.NotContain("   at ");
    }

    private static async Task<(int Code, string Output, string Notes)> RunAsync(params string[] arguments)
    {
        ProcessStartInfo start = new(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "Neuralink.Peers.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> notes = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await notes);
    }
}
