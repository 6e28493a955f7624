using System.Text.Json;
using Neuralink.Models.Checkpoints;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Models;

public sealed class ImageCacheTests : IDisposable
{
    private readonly TestHome _home = new();
    private readonly string _model;

    public ImageCacheTests()
    {
        using RandomModel tiny = new(RandomModels.ByName("llama-tied-f16"));
        _model = _home.CopyModel(source: tiny.Folder);
    }

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_model_is_packed_when_it_is_first_used_and_found_again()
    {
        CliResult first = await Generate();
        first.Code.Should().Be(0, "of {0}", first.Error);
        first.Error.Should().Contain("packing model for reading from flash, this once");
        string image = _home.Cached.Should().ContainSingle().Subject;
        Path.GetFileName(image).Should().MatchRegex("^model-[0-9a-f]{16}\\.nlk$");
        DateTime packed = File.GetLastWriteTimeUtc(Damage.Manifest(image));

        CliResult second = await Generate();
        second.Out.Should().Be(first.Out);
        second.Error.Should().NotContain("packing");
        File.GetLastWriteTimeUtc(Damage.Manifest(image)).Should().Be(packed);
    }

    [Fact]
    public async Task The_bundled_model_is_the_default()
    {
        CliResult run = await _home.RunAsync("generate", "-p", "Once", "-n", "1");
        run.Code.Should().Be(0, "of {0}", run.Error);
        Path.GetFileName(_home.Cached.Should().ContainSingle().Subject).Should().StartWith("tiny-stories-");
    }

    [Fact]
    public async Task Another_weight_format_or_a_changed_model_is_another_image()
    {
        await Generate();
        (await Generate("--weights", "f16")).Error.Should().NotContain("packing", "f16 is what the checkpoint has");
        (await Generate("--weights", "bf16")).Error.Should().Contain("packing");
        File.SetLastWriteTimeUtc(Path.Combine(_model, "model.safetensors"), DateTime.UnixEpoch);
        (await Generate()).Error.Should().Contain("packing");
        Damage.Replace(Path.Combine(_model, "config.json"), "10000", "20000");
        (await Generate()).Error.Should().Contain("packing");
        _home.Cached.Should().HaveCount(4);
    }

    [Fact]
    public async Task An_end_token_added_later_counts()
    {
        CliResult first = await Generate("--json");
        first.Code.Should().Be(0, "of {0}", first.Error);
        int[] tokens = [.. JsonDocument.Parse(first.Out).RootElement.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
        string generation = Path.Combine(_model, "generation_config.json");
        await File.WriteAllTextAsync(generation, $$"""{ "eos_token_id": [0, {{tokens[2]}}] }""");
        JsonElement second = JsonDocument.Parse((await Generate("--json")).Out).RootElement;
        second.GetProperty("finish_reason").GetString().Should().NotBe("length");
        second.GetProperty("tokens").GetArrayLength().Should().BeLessThan(tokens.Length);
        File.Delete(generation);
        CliResult third = await Generate("--json");
        third.Error.Should().NotContain("packing", "the first image is still there");
        JsonDocument.Parse(third.Out).RootElement.GetProperty("tokens").GetArrayLength().Should().Be(tokens.Length);
    }

    [Fact]
    public async Task What_was_ignored_is_said_when_the_model_is_packed()
    {
        Damage.Replace(Path.Combine(_model, "config.json"), "\"model_type\"", "\"my_run\": 7, \"model_type\"");
        await File.WriteAllTextAsync(Path.Combine(_model, "generation_config.json"), "");
        CliResult first = await Generate();
        first.Error.Should().Contain("ignored my_run").And.Contain("generation_config.json is empty");
        int packing = first.Error.IndexOf("packing", StringComparison.Ordinal);
        first.Error.IndexOf("my_run", StringComparison.Ordinal).Should().BeLessThan(packing);
        (await Generate()).Error.Should().NotContain("my_run");
        (await _home.RunAsync("pack", _model, _home.PathOf("image.nlk"))).Error.Should().Contain("ignored my_run");
    }

    [Theory]
    [InlineData(ImageManifest.FileName, 0)]
    [InlineData(ImageFiles.Placement, 0)]
    [InlineData(ImageFiles.Tokenizer, 0.5)]
    [InlineData(ImageFiles.Resident, 0.5)]
    [InlineData(ImageFiles.Predictor, 0.9)]
    public async Task A_damaged_image_is_packed_again(string file, double at)
    {
        CliResult first = await Generate();
        string path = Path.Combine(_home.Cached.Single(), file);
        Damage.Flip(path, (long)(at * new FileInfo(path).Length));
        CliResult second = await Generate();
        second.Code.Should().Be(0, "of {0}", second.Error);
        second.Error.Should().Contain("the packed image is damaged").And.Contain("packing model again");
        second.Out.Should().Be(first.Out);
        (await _home.RunAsync("verify", _home.Cached.Should().ContainSingle().Subject)).Code.Should().Be(0);
    }

    [Fact]
    public async Task An_image_of_an_older_format_version_is_packed_again_beside_it_with_a_note()
    {
        CheckpointFiles files = CheckpointFiles.Of(_model);
        ImageKey.Of(files, "f16").Should().NotBe(ImageKey.Of(files, "f16", formatVersion: 2));
        string old = Path.Combine(_home.Cache, $"model-{ImageKey.Of(files, "f16", formatVersion: 2)}.nlk");
        Directory.CreateDirectory(old);
        await File.WriteAllTextAsync(Damage.Manifest(old), """{ "format": "neuralink-image", "format_version": 2 }""");
        CliResult run = await Generate();
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().Contain("this once").And.NotContain("damaged")
            .And.Contain($"neuralink: {old} is of an older format, which this version of neuralink does not read; it may be deleted\n");
        (await Generate()).Error.Should().NotContain("older format");
        (await _home.RunAsync("generate", "--model", old, "-p", "x")).ShouldFail(
            1, "expected format version 6, found 2", $"pack the model it was made from again: neuralink pack MODEL {old} --force");
        _home.Cached.Should().HaveCount(2).And.Contain(old);
    }

    [Fact]
    public async Task Runs_that_pack_at_the_same_time_end_with_one_whole_image()
    {
        CliResult[] runs = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => Generate())));
        runs.Should().OnlyContain(r => r.Code == 0);
        runs.Select(r => r.Out).Distinct(StringComparer.Ordinal).Should().ContainSingle();
        (await _home.RunAsync("verify", _home.Cached.Should().ContainSingle().Subject)).Code.Should().Be(0);
    }

    [Fact]
    public async Task A_budget_that_is_too_small_does_not_pack_again()
    {
        await Generate();
        (await Generate("--memory", "1KiB")).ShouldFail(1, "resident weights", "neuron cache", "give --memory");
    }

    [Fact]
    public async Task A_cache_folder_that_cannot_be_written_is_named()
    {
        await File.WriteAllTextAsync(_home.PathOf("cache"), "a file where the folder should be");
        (await Generate()).ShouldFail(
            1, _home.Cache, $"found the file {_home.PathOf("cache")}", "or pack the model elsewhere with 'neuralink pack'");
    }

    [Fact]
    public async Task Whatever_killed_runs_have_left_is_gone_after_the_next_run_of_any_model()
    {
        string dead = Path.Combine(_home.Cache, "opt-1.3b-0123456789abcdef.nlk.tmp-abcdefgh.123");
        Directory.CreateDirectory(dead);
        await File.WriteAllTextAsync(Path.Combine(dead, "resident.safetensors"), "half");
        await File.WriteAllTextAsync($"{dead}.lock", "");
        (await Generate()).Code.Should().Be(0);
        Directory.GetFileSystemEntries(_home.Cache).Should().ContainSingle().Which.Should().EndWith(".nlk");
        await File.WriteAllTextAsync($"{dead}.lock", "");
        (await Generate()).Error.Should().NotContain("packing");
        Directory.GetFileSystemEntries(_home.Cache).Should().ContainSingle("a run that packs nothing looks too");
    }

    [Theory]
    [InlineData(null, "none")]
    [InlineData("", "none")]
    [InlineData("home", "'home'")]
    public async Task Without_a_home_an_unpacked_model_is_refused_and_an_image_runs(string? home, string found)
    {
        _home.Change = s => s with { Variable = name => name == "HOME" ? home : name == "XDG_CACHE_HOME" ? "relative" : null };
        using TinyImage tiny = new();
        CliResult run = await _home.RunAsync("generate", "-m", tiny.Source, "-p", "a", "-n", "1");
        run.ShouldFail(1, $"expected the full path of a home folder in HOME, found {found}; set HOME or XDG_CACHE_HOME");
        CliResult image = await _home.RunAsync("generate", "-m", tiny.Image, "-p", "a", "-n", "1", "--strategy", "serial");
        image.Code.Should().Be(0, "of {0}", image.Error);
        image.Error.Should().NotContain("neuralink: ", "there is nothing to say of a profile");
    }

    [Fact]
    public async Task Every_command_calls_a_model_by_its_folder()
    {
        using TinyImage tiny = new();
        string model = _home.PathOf("tiny-1.3b");
        Directory.CreateSymbolicLink(model, tiny.Source);
        CliResult box = await _home.RunAsync("generate", "-m", model, "-p", "a", "-n", "1");
        CliResult json = await _home.RunAsync("generate", "-m", $"{model}/", "-p", "a", "-n", "1", "--json");
        json.Out.Should().Contain("\"model\": \"tiny-1.3b\"");
        box.Error.Should().Contain("packing tiny-1.3b for").And.Contain("╭─tiny-1.3b─");
        (await _home.RunAsync("plan", model)).Out.Should().StartWith("tiny-1.3b, f32, not packed");
        _home.Cached.Should().ContainSingle(image => Path.GetFileName(image).StartsWith("tiny-1.3b-"));
    }

    private Task<CliResult> Generate(params string[] args) =>
        _home.RunAsync(["generate", "--model", _model, "-p", "Once upon a time", "-n", "4", "--temperature", "0", .. args]);
}
