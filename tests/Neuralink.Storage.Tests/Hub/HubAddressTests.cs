using Neuralink.Storage.Hub;

namespace Neuralink.Storage.Tests.Hub;

public sealed class HubAddressTests
{
    [Theory]
    [InlineData("hf:ORG/NAME", "ORG/NAME", "main", null)]
    [InlineData("ORG/NAME", "ORG/NAME", "main", null)]
    [InlineData("gpt2", "gpt2", "main", null)]
    [InlineData("hf:ORG/NAME@v1.0", "ORG/NAME", "v1.0", null)]
    [InlineData("hf:ORG/NAME@refs/pr/3", "ORG/NAME", "refs/pr/3", null)]
    [InlineData("hf:ORG/NAME/model.Q4_0.gguf", "ORG/NAME", "main", "model.Q4_0.gguf")]
    [InlineData("hf:ORG/NAME/sub/model.gguf", "ORG/NAME", "main", "sub/model.gguf")]
    [InlineData("hf:ORG/NAME@v1/sub/model.gguf", "ORG/NAME", "v1", "sub/model.gguf")]
    [InlineData("hf:ORG/NAME@refs/pr/3/model.gguf", "ORG/NAME", "refs/pr/3", "model.gguf")]
    public void Addresses_are_read(string text, string repository, string revision, string? file) =>
        HubAddress.Parse(text).Should().Be(new HubAddress(repository, revision, file));

    [Theory]
    [InlineData("hf:")]
    [InlineData("hf:ORG/")]
    [InlineData("hf:ORG/NAME@")]
    [InlineData("hf:ORG/../NAME")]
    [InlineData("hf:ORG/NAME/../../x")]
    [InlineData("hf:ORG/NA ME")]
    [InlineData("hf:ORG/NAME@../x")]
    [InlineData("https://huggingface.co/ORG/NAME")]
    public void What_is_no_address_is_said(string text) =>
        FluentActions.Invoking(() => HubAddress.Parse(text)).Should().Throw<NeuralinkException>().WithMessage("*expected ORG/NAME*");

    [Fact]
    public void Options_come_from_the_variables_that_Hugging_Face_uses()
    {
        Dictionary<string, string> variables = new() { ["HOME"] = "/home/me", ["HF_TOKEN"] = " t " };
        Find().CacheFolder.Should().Be(Path.GetFullPath("/home/me/.cache/huggingface/hub"));
        Find().Token.Should().Be("t");
        Find().Endpoint.Should().Be(HubOptions.DefaultEndpoint);
        variables["XDG_CACHE_HOME"] = "/cache";
        Find().CacheFolder.Should().Be(Path.GetFullPath("/cache/huggingface/hub"));
        variables["HF_HOME"] = "/hf";
        Find().CacheFolder.Should().Be(Path.GetFullPath("/hf/hub"));
        variables["HF_HOME"] = "~/hf";
        Find().CacheFolder.Should().Be(Path.GetFullPath("/home/me/hf/hub"));
        variables["HF_HUB_CACHE"] = "/models";
        variables["HF_ENDPOINT"] = "https://mirror.example/";
        variables["HF_HUB_OFFLINE"] = "1";
        Find().CacheFolder.Should().Be(Path.GetFullPath("/models"));
        Find().Endpoint.Host.Should().Be("mirror.example");
        Find().IsOffline.Should().BeTrue();
        variables["HF_ENDPOINT"] = "mirror";
        FluentActions.Invoking(Find).Should().Throw<NeuralinkException>().WithMessage("*HF_ENDPOINT*\"mirror\"*");

        HubOptions Find() => HubOptions.Find(variables.GetValueOrDefault)!;
    }
}
