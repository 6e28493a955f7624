namespace Neuralink.Models.Tests.Configuration;

public sealed class PublishedModelTypeTests : IDisposable
{
    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama", """["LlamaForCausalLM"]""")]
    [InlineData("llama", """["LLaMAForCausalLM"]""")]
    [InlineData("llama", """["LlamaModel"]""")]
    [InlineData("llama", "[]")]
    [InlineData("llama", "null")]
    [InlineData("bamboo", """["BambooForCausalLM"]""")]
    public void The_architecture_of_the_type(string type, string architectures) =>
        _folder.Read(ConfigFolder.With(ConfigFolder.Bamboo, "model_type", $"\"{type}\""), "architectures", architectures)
            .ModelType.Should().Be(type);

    [Theory]
    [InlineData("""["LlamaForSequenceClassification"]""", "architectures[0]", "LlamaForCausalLM, which goes with model_type \"llama\"")]
    [InlineData("""["MistralForCausalLM"]""", "\"MistralForCausalLM\"", "model_type \"llama\"")]
    [InlineData("""["LlamaForCausalLM", "MyModel"]""", "architectures[1]", "\"MyModel\"")]
    [InlineData("\"LlamaForCausalLM\"", "architectures", "an array")]
    public void Another_architecture_is_refused_beside_the_type(string architectures, params string[] parts) =>
        _folder.Refused(ConfigFolder.Llama, "architectures", architectures, parts);

    [Theory]
    [InlineData("smallthinker", """["SmallThinkerForCausalLM"]""")]
    [InlineData("mixtral", """["MixtralForCausalLM"]""")]
    [InlineData("llava", """["LlavaForConditionalGeneration"]""")]
    public void Another_type_is_refused_by_name_with_its_architectures(string type, string architectures) =>
        _folder.Refused(
            ConfigFolder.With(ConfigFolder.Llama, "model_type", $"\"{type}\""), "architectures", architectures,
            $"\"{type}\"", architectures, "not supported");
}
