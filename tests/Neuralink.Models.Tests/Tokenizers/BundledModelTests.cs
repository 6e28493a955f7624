using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers;

namespace Neuralink.Models.Tests.Tokenizers;

public class BundledModelTests
{
    private static readonly Tokenizer s_tokenizer = Tokenizer.Load(RepositoryFiles.BundledModel("tokenizer.json"));

    [Fact]
    public void Every_reference_prompt_encodes_to_its_ids_and_its_continuation_decodes_to_its_text()
    {
        JsonNode reference = JsonNode.Parse(File.ReadAllText(RepositoryFiles.BundledModel("reference.json")))!;
        JsonArray greedy = reference["greedy"]!.AsArray();

        greedy.Should().NotBeEmpty();
        foreach (JsonNode? entry in greedy)
        {
            int[] prompt = Ids(entry!["prompt_ids"]!);
            s_tokenizer.Encode((string)entry["prompt"]!).Should().Equal(prompt);
            int[] all = [.. prompt, .. Ids(entry["new_ids"]!)];
            s_tokenizer.Decode(all, skipSpecialTokens: false).Should().Be((string)entry["text"]!);
        }
    }

    [Fact]
    public void Random_text_decodes_to_itself()
    {
        Random random = new(1);
        for (int round = 0; round < 500; round++)
        {
            string text = RandomText.Make(random, partsMax: 40);
            s_tokenizer.Decode(s_tokenizer.Encode(text)).Should().Be(text);
        }
    }

    [Fact]
    public void End_of_text_is_special_and_decoding_leaves_it_out_unless_asked()
    {
        int[] ids = s_tokenizer.Encode("Once<|endoftext|>upon");

        ids.Should().Contain(0);
        s_tokenizer.IsSpecial(0).Should().BeTrue();
        s_tokenizer.Decode(ids).Should().Be("Onceupon");
        s_tokenizer.Decode(ids, skipSpecialTokens: false).Should().Be("Once<|endoftext|>upon");
    }

    [Fact]
    public void Several_threads_encode_as_one_does()
    {
        Random random = new(2);
        string[] texts = [.. Enumerable.Range(0, 400).Select(_ => RandomText.Make(random, partsMax: 60))];
        int[][] alone = [.. texts.Select(text => s_tokenizer.Encode(text))];
        Tokenizer fresh = Tokenizer.Load(RepositoryFiles.BundledModel("tokenizer.json"));

        int[][] together = [.. texts.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(text => fresh.Encode(text))];

        together.Should().BeEquivalentTo(alone, options => options.WithStrictOrdering());
    }

    private static int[] Ids(JsonNode list) => [.. list.AsArray().Select(id => (int)id!)];
}
