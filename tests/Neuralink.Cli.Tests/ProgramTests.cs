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
        CliResult run = await RunProgram(
            "", "generate", "-m", model.Image, "--prompt", BundledModel.Greedy[0].Prompt, "-n", "64", "--temperature", "0");
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
            "", "generate", "-m", model.Image, "-p", "Once upon a time", "-n", "128", "--ignore-eos", "--memory", $"{budgetMebibytes}MiB",
            "--json");
        run.Code.Should().Be(0, "of {0}", run.Error);
        JsonElement memory = JsonDocument.Parse(run.Out).RootElement.GetProperty("memory");
        long budgetBytes = (long)budgetMebibytes << 20;
        memory.GetProperty("total").GetInt64().Should().BeLessThanOrEqualTo(budgetBytes);
        memory.GetProperty("process_peak").GetInt64().Should().BePositive().And.BeLessThanOrEqualTo(budgetBytes + ConstantBytes);
    }

    /// <summary>
    /// What the system gives a process and takes away from it: nothing in this process can stand for that. $SHORT is a text of a few
    /// tokens.
    /// </summary>
    [Theory]
    [InlineData("neuralink generate $SHORT 2>&-", "Once upon a time, in a")]
    [InlineData("neuralink generate $SHORT <&- >&- 2>&-; echo $?", "1")]
    [InlineData("neuralink generate -p - <&- 2>&1", "*cannot read the prompt from standard input: expected an open one, *")]
    [InlineData("{ echo first; neuralink generate $SHORT; echo last; } >out; cat out", "first\nOnce upon a time, in a\nlast")]
    [InlineData("{ neuralink generate $LONG; echo $? >code; } | head -c 16; cat code", "Once upon a time141")]
    [InlineData("{ neuralink generate $LONG --json; echo $? >code; } | true; cat code", "141")]
    [InlineData("neuralink generate -p \"$(printf 'caf\\351!')\" 2>&1", "*the value of -p on the command line: * 0xe9 at offset 3, *")]
    [InlineData("neuralink generate $LONG >out & until grep -q time out; do $WAIT; done; $HUP $!; $HUP $!; wait $!; echo $?", "129")]
    [InlineData("nohup neuralink generate $SHORT 2>notes & until grep -q : notes; do $WAIT; done; $HUP $!; wait $!; echo $?", "*in a\n0")]
    public async Task The_program_lives_with_what_the_system_gives_it(string script, string output)
    {
        if (OperatingSystem.IsWindows())
            return;
        using RandomModel endless = new(RandomModels.LlamaRelu with { Context = 8192 });
        using PackedModel packed = new(endless.Folder);
        await File.WriteAllTextAsync(_home.PathOf("prompt"), "Once upon a time");
        string program = _home.PathOf("neuralink"), options = "-f prompt --temperature 0";
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nexec '{Host}' '{Program}' \"$@\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string texts = $"SHORT='-m {model.Image} -n 3 {options}' LONG='-m {packed.Folder} -n 8000 --ignore-eos {options}'";
        string setup = $"cd {_home.Folder}; PATH=.:$PATH WAIT='sleep 0.02' HUP='kill -HUP' {texts}";
        CliResult run = await RunProcess("sh", ["-c", $"{setup}; {script}"], "");
        run.Out.TrimEnd('\n').Should().Match(output, "of {0}: {1}", script, run.Error);
    }

    [Fact]
    public async Task An_error_is_one_line_and_a_code() => (await RunProgram("", "verify", "no-such-image")).ShouldFail(1, "no-such-image");

    private static string Host => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static string Program => Path.Combine(AppContext.BaseDirectory, "neuralink.dll");

    private Task<CliResult> RunProgram(string input, params string[] args) => RunProcess(Host, [Program, .. args], input);

    private async Task<CliResult> RunProcess(string program, string[] args, string input)
    {
        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
        ProcessStartInfo start = new(program, args)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = utf8,
            StandardOutputEncoding = utf8,
            StandardErrorEncoding = utf8,
        };
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
