using System.Text.Json.Nodes;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Configuration;

public sealed class EndTokensTests : IDisposable
{
    private const string Generation = "generation_config.json";

    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("[1, 2]", """{ "eos_token_id": [2, 3] }""", 1, 2, 3)]
    [InlineData("[1, 2]", """{ "eos_token_id": null, "temperature": 0.6, "do_sample": true, "transformers_version": "4.41.0" }""", 1, 2)]
    [InlineData("null", """{ "eos_token_id": 3 }""", 3)]
    [InlineData("null", "{}")]
    [InlineData("7", "", 7)]
    [InlineData("7", "\ufeff{ \"eos_token_id\": 8 }", 7, 8)]
    public void Those_of_both_files_count(string config, string generation, params int[] expected)
    {
        _folder.Write(Generation, generation);
        _folder.Read(ConfigFolder.Llama, "eos_token_id", config).EndTokens.Should().Equal(expected);
    }

    [Fact]
    public void The_second_file_need_not_be_there_and_one_that_is_empty_is_mentioned()
    {
        _folder.Read(ConfigFolder.Llama).EndTokens.Should().Equal(256);
        _folder.Notes.Should().BeEmpty();
        _folder.Write(Generation, " \n");
        _folder.Read(ConfigFolder.Llama).EndTokens.Should().Equal(256);
        _folder.Notes.Should().ContainSingle().Which.Should().Contain(Generation).And.Contain("empty");
    }

    [Fact]
    public void The_published_default_is_for_a_file_that_says_nothing()
    {
        JsonObject config = ConfigFolder.Opt;
        config.Remove("eos_token_id");
        _folder.Read(config).EndTokens.Should().Equal(2);
        _folder.Write(Generation, """{ "eos_token_id": 9 }""");
        _folder.Read(config).EndTokens.Should().Equal(9);
    }

    [Theory]
    [InlineData("400", """{ "eos_token_id": 2 }""", "/config.json", "400")]
    [InlineData("2", """{ "eos_token_id": 999 }""", "/generation_config.json", "999")]
    [InlineData("2", """{ "eos_token_id": [2, -1] }""", "/generation_config.json at eos_token_id[1]", "-1")]
    [InlineData("2", """{ "eos_token_id": 2.0 }""", "/generation_config.json", "an integer", "2.0")]
    [InlineData("2", """{ "eos_token_id": "</s>" }""", "/generation_config.json", "an integer")]
    [InlineData("2", "{", "/generation_config.json", "bad JSON at line 1")]
    [InlineData("2", """{ "eos_token_id": 2, "eos_token_id": 3 }""", "/generation_config.json", "\"eos_token_id\" twice")]
    [InlineData("2", "<html>", "/generation_config.json", "HTML")]
    [InlineData("2", "Entry not found", "/generation_config.json", "Entry not found")]
    public void The_file_to_blame_is_named_and_the_other_is_not(string config, string generation, string file, params string[] parts)
    {
        _folder.Write(Generation, generation);
        string other = file.Contains("generation", StringComparison.Ordinal) ? "/config.json" : Generation;
        FluentActions.Invoking(() => _folder.Read(ConfigFolder.Llama, "eos_token_id", config)).Should().Throw<NeuralinkException>()
            .Which.Message.Should().ContainAll([file, .. parts]).And.NotContain(other);
    }
}
