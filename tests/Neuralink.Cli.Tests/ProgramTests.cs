using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests;

/// <summary>The real program in a process of its own.</summary>
[Collection(PackedModelFixture.Name)]
public sealed class ProgramTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task The_program_writes_the_text_to_stdout_and_the_figures_to_stderr()
    {
        CliResult run = await RunProgram("", "generate", "-m", model.Image, "--prompt", BundledModel.Greedy[0].Prompt, "-n", "64", "--temperature", "0");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.TrimEnd().Should().Be(BundledModel.Greedy[0].Text.TrimEnd());
        run.Error.Should().Contain("╭").And.Contain("neuron cache").And.NotContain("\u001b");
    }

    [Fact]
    public async Task Text_is_utf8_without_a_byte_order_mark_in_and_out()
    {
        CliResult run = await RunProgram("Käse – 猫", "generate", "-m", model.Image, "--prompt", "-", "-n", "1", "--temperature", "0");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.Should().StartWith("Käse – 猫");
    }

    [Fact]
    public async Task The_program_packs_into_the_cache_folder_that_the_environment_names()
    {
        CliResult run = await RunProgram("", "generate", "--prompt", "Once", "-n", "1");
        run.Code.Should().Be(0, "of {0}", run.Error);
        _home.Cached.Should().ContainSingle();
    }

    // What the README states: the runtime, the code and managed objects.
    [Theory]
    [InlineData(16)]
    [InlineData(40)]
    public async Task The_process_stays_within_its_budget_and_a_constant(int budgetMebibytes)
    {
        const long ConstantBytes = 100L << 20;
        CliResult run = await RunProgram(
            "", "generate", "-m", model.Image, "-p", "Once upon a time", "-n", "400", "--ignore-eos", "--memory", $"{budgetMebibytes}MiB", "--json");
        run.Code.Should().Be(0, "of {0}", run.Error);
        JsonElement memory = JsonDocument.Parse(run.Out).RootElement.GetProperty("memory");
        long budgetBytes = (long)budgetMebibytes << 20;
        memory.GetProperty("total").GetInt64().Should().BeLessThanOrEqualTo(budgetBytes);
        memory.GetProperty("process_peak").GetInt64().Should().BePositive().And.BeLessThanOrEqualTo(budgetBytes + ConstantBytes);
    }

    [Fact]
    public async Task An_error_is_one_line_and_a_code() => (await RunProgram("", "verify", "no-such-image")).ShouldFail(1, "no-such-image");

    private async Task<CliResult> RunProgram(string input, params string[] args)
    {
        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = utf8,
            StandardOutputEncoding = utf8,
            StandardErrorEncoding = utf8,
        };
        foreach (string arg in (string[])[Path.Combine(AppContext.BaseDirectory, "neuralink.dll"), .. args])
            start.ArgumentList.Add(arg);
        foreach (string name in (string[])["XDG_CACHE_HOME", "LOCALAPPDATA"])
            start.Environment[name] = _home.PathOf("cache");
        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new CliResult(process.ExitCode, await output, await error);
    }
}
