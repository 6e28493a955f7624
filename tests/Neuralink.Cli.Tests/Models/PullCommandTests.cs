using Neuralink.Tests.Support;
using Neuralink.Tests.Support.Hub;

namespace Neuralink.Cli.Tests.Models;

/// <summary>A model of the Hub is fetched once, with what running it takes, and every command takes it by its name.</summary>
public sealed class PullCommandTests : IDisposable
{
    private static readonly string[] s_generate = ["-p", "Once upon a time", "-n", "8", "--temperature", "0"];

    private readonly TestHome _home = new();
    private readonly HubStub _hub = new();
    private readonly Dictionary<string, string> _variables;

    public PullCommandTests()
    {
        _hub.Add(BundledModel.Folder);
        _hub.Files["generation_config.json"] = [.. "{}"u8];
        _hub.Files["README.md"] = [.. "text"u8];
        _hub.Files["pytorch_model.bin"] = new byte[1000];
        _variables = new() { ["HF_ENDPOINT"] = $"{_hub.Address}", ["HF_HOME"] = _home.PathOf("hf") };
        _home.Change = surroundings =>
        {
            Func<string, string?> others = surroundings.Variable;
            return surroundings with { Variable = name => _variables.GetValueOrDefault(name) ?? others(name) };
        };
    }

    private string Snapshot => Path.Combine(_home.PathOf("hf"), "hub", "models--ORG--model", "snapshots", HubStub.Commit);

    public void Dispose()
    {
        _hub.Dispose();
        _home.Dispose();
    }

    [Fact]
    public async Task What_is_pulled_runs_by_its_name_and_by_its_folder_as_the_model_it_is()
    {
        CliResult pulled = await _home.RunAsync("pull", "ORG/model");
        pulled.Code.Should().Be(0, pulled.Error);
        pulled.Out.Should().Be($"{Snapshot}\n");
        pulled.Error.Should().Contain("--model hf:ORG/model");
        Directory.GetFiles(Snapshot).Select(path => Path.GetFileName(path)).Should()
            .BeEquivalentTo("config.json", "generation_config.json", "model.safetensors", "tokenizer.json");
        int requests = _hub.Requests.Count;
        CliResult expected = await _home.RunAsync(["generate", "-m", BundledModel.Folder, .. s_generate]);
        foreach (string model in (string[])["hf:ORG/model", Snapshot])
            (await _home.RunAsync(["generate", "-m", model, .. s_generate])).Out.Should().Be(expected.Out);
        _hub.Requests.Should().HaveCount(requests, "all of it is there");
        _home.Cached.Select(path => Path.GetFileName(path)).Should().Contain(name => name.StartsWith("model-"));
    }

    [Fact]
    public async Task A_model_is_fetched_when_it_is_first_used()
    {
        CliResult run = await _home.RunAsync(["generate", "-m", "hf:ORG/model", .. s_generate]);
        run.Code.Should().Be(0, run.Error);
        File.Exists(Path.Combine(Snapshot, "model.safetensors")).Should().BeTrue();
    }

    [Fact]
    public async Task A_tokenizer_and_a_plan_take_no_weights()
    {
        CliResult tokens = await _home.RunAsync("tokenize", "hf:ORG/model", "--text", "Once upon a time");
        tokens.Out.Should().Be((await _home.RunAsync("tokenize", BundledModel.Folder, "--text", "Once upon a time")).Out);
        CliResult plan = await _home.RunAsync("plan", "hf:ORG/model", "--threads", "1");
        plan.Code.Should().Be(0, plan.Error);
        File.Exists(Path.Combine(Snapshot, "model.safetensors")).Should().BeFalse();
    }

    [Fact]
    public async Task Shards_are_those_of_the_index()
    {
        _hub.Files.Remove("pytorch_model.bin");
        _hub.Files["model-00001-of-00001.safetensors"] = _hub.Files["model.safetensors"];
        _hub.Files.Remove("model.safetensors");
        _hub.Files["model-00001-of-00002.safetensors"] = new byte[1000];
        string[] names = SafetensorsNames(_hub.Files["model-00001-of-00001.safetensors"]);
        string map = string.Join(",", names.Select(name => $"\"{name}\":\"model-00001-of-00001.safetensors\""));
        _hub.Files["model.safetensors.index.json"] = System.Text.Encoding.UTF8.GetBytes($"{{\"weight_map\":{{{map}}}}}");
        CliResult pulled = await _home.RunAsync("pull", "hf:ORG/model@main");
        pulled.Code.Should().Be(0, pulled.Error);
        Directory.GetFiles(Snapshot, "*.safetensors").Should().ContainSingle().Which.Should().EndWith("-00001-of-00001.safetensors");
        (await _home.RunAsync(["generate", "-m", "hf:ORG/model", .. s_generate])).Code.Should().Be(0);
    }

    [Fact]
    public async Task One_of_several_GGUF_files_is_asked_for()
    {
        _hub.Files.Clear();
        _hub.Files["a.Q4_0.gguf"] = [1, 2, 3];
        _hub.Files["a.Q8_0.gguf"] = [4, 5, 6];
        (await _home.RunAsync("pull", "ORG/model")).ShouldFail(1, "hf:ORG/model/a.Q4_0.gguf", "a.Q8_0.gguf");
        (await _home.RunAsync("pull", "ORG/model/b.gguf")).ShouldFail(1, "no such file, but a.Q4_0.gguf, a.Q8_0.gguf");
        CliResult pulled = await _home.RunAsync("pull", "ORG/model/a.Q8_0.gguf");
        pulled.Out.Should().Be($"{Path.Combine(Snapshot, "a.Q8_0.gguf")}\n", pulled.Error);
        Directory.GetFiles(Snapshot).Should().ContainSingle();
        _hub.Files.Remove("a.Q4_0.gguf");
        (await _home.RunAsync("pull", "ORG/model")).Out.Should().Be(pulled.Out, "there is only one");
    }

    [Fact]
    public async Task The_parts_of_a_GGUF_file_come_together()
    {
        _hub.Files.Clear();
        string[] parts = [.. Enumerable.Range(1, 3).Select(part => $"sub/a-{part:D5}-of-00003.gguf")];
        foreach (string part in parts)
            _hub.Files[part] = [1, 2, 3];
        CliResult pulled = await _home.RunAsync("pull", "ORG/model");
        pulled.Out.Should().Be($"{Path.Combine(Snapshot, parts[0])}\n", pulled.Error);
        Directory.GetFiles(Path.Combine(Snapshot, "sub")).Should().HaveCount(3);
        _hub.Files.Remove(parts[1]);
        (await _home.RunAsync("pull", "ORG/model")).ShouldFail(1, parts[1], "no such file in the repository");
    }

    [Fact]
    public async Task A_repository_without_a_model_is_said()
    {
        _hub.Files.Clear();
        _hub.Files["adapter_config.json"] = [.. "{}"u8];
        _hub.Files["adapter_model.safetensors"] = [0];
        (await _home.RunAsync("pull", "ORG/model")).ShouldFail(1, "adapter_config.json, adapter_model.safetensors", "LoRA");
        (await _home.RunAsync("pull", "ORG/other")).ShouldFail(1, "no such model");
        (await _home.RunAsync("pull", "no model")).ShouldFail(1, "expected ORG/NAME");
    }

    [Fact]
    public async Task What_is_in_the_cache_runs_without_the_Hub_and_the_rest_does_not()
    {
        (await _home.RunAsync("pull", "ORG/model")).Code.Should().Be(0);
        _variables["HF_HUB_OFFLINE"] = "1";
        (await _home.RunAsync(["generate", "-m", "hf:ORG/model", .. s_generate])).Code.Should().Be(0);
        (await _home.RunAsync(["generate", "-m", "hf:ORG/other", .. s_generate])).ShouldFail(1, "HF_HUB_OFFLINE");
        File.Delete(Path.Combine(Snapshot, "model.safetensors"));
        (await _home.RunAsync(["generate", "-m", "hf:ORG/model", .. s_generate])).ShouldFail(1, "HF_HUB_OFFLINE");
        _variables.Remove("HF_HUB_OFFLINE");
        int requests = _hub.StoreRequests.Count;
        (await _home.RunAsync(["generate", "-m", "hf:ORG/model", .. s_generate])).Code.Should().Be(0);
        _hub.StoreRequests.Should().HaveCount(requests, "the blob is there still");
    }

    private static string[] SafetensorsNames(byte[] file)
    {
        int headerBytes = (int)BitConverter.ToInt64(file);
        using System.Text.Json.JsonDocument header = System.Text.Json.JsonDocument.Parse(file.AsMemory(8, headerBytes));
        return [.. header.RootElement.EnumerateObject().Select(entry => entry.Name).Where(name => name != "__metadata__")];
    }
}
