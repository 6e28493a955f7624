namespace Neuralink.Storage.Tests;

/// <summary>Where the file that is wanted is not there, the message names what is there.</summary>
public sealed class MissingFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pytorch_model.bin.incomplete", "not finished")]
    [InlineData("checkpoint.pt", "give it the name pytorch_model.bin")]
    [InlineData("consolidated.00.pth", "convert the model to safetensors")]
    [InlineData("tf_model.h5", "convert the model to safetensors")]
    [InlineData("flax_model.msgpack", "convert the model to safetensors")]
    [InlineData("llama-2-7b.Q4_K_M.gguf", "safetensors")]
    [InlineData("adapter_model.safetensors", "LoRA")]
    [InlineData("adapter_model.bin", "LoRA")]
    [InlineData("model_fp16.safetensors", "model.safetensors")]
    [InlineData("model.safetensors.incomplete", "not finished")]
    public void Weights_in_another_form(string there, string advice)
    {
        Touch(there);
        Touch("README.md");
        MissingFile.DescribeWeights("load the weights", "model.safetensors", _folder.Path).Message
            .Should().Contain($"expected model.safetensors, found no such file, but {there};").And.Contain(advice).And.NotContain("README");
    }

    [Theory]
    [InlineData("tokenizer.model")]
    [InlineData("vocab.json")]
    [InlineData("tekken.json")]
    public void A_tokenizer_in_another_form(string there)
    {
        Touch(there);
        Touch("model.safetensors");
        Describe("tokenizer.json").Should().Contain($"no such file, but {there}; convert the tokenizer")
            .And.NotContain("model.safetensors");
    }

    [Theory]
    [InlineData("params.json", "publisher's own form")]
    [InlineData("adapter_config.json", "LoRA")]
    [InlineData("model.gguf", "itself as the model")]
    public void A_configuration_in_another_form(string there, string advice)
    {
        Touch(there);
        Describe("config.json").Should().Contain($"no such file, but {there};").And.Contain(advice);
    }

    [Fact]
    public void Many_files_are_counted_behind_the_first()
    {
        for (int shard = 1; shard <= 9; shard++)
            Touch($"pytorch_model-{shard:D5}-of-00009.bin");
        Describe("model.safetensors").Should().Contain("pytorch_model-00001-of-00009.bin, ")
            .And.Contain("pytorch_model-00005-of-00009.bin and 4 more;");
    }

    [Theory]
    [InlineData("opt-1.3b")]
    [InlineData("snapshots/0123abc")]
    public void A_folder_below_that_has_the_file_is_shown(string below)
    {
        Directory.CreateDirectory(_folder.File(below));
        Touch(Path.Combine(below, "config.json"));
        Describe("config.json").Should().Contain($"{_folder.File(below)} has one: give that folder");
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_said()
    {
        if (OperatingSystem.IsWindows())
            return;                                                      // links want a privilege there
        File.CreateSymbolicLink(_folder.File("config.json"), "../../blobs/0123abc");
        Describe("config.json").Should().Contain("a link to ../../blobs/0123abc, which is not there");
    }

    [Fact]
    public void Neither_file_nor_folder()
    {
        Describe("config.json").Should().Contain("found no such file; give the folder");
        Describe("none/config.json").Should().Contain("found no such folder; give the folder");
    }

    private string Describe(string name) => MissingFile.Describe(_folder.File(name)).Message;

    private void Touch(string name) => _folder.Write(name, []);
}
