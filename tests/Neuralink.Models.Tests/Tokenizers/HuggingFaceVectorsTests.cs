using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers;

namespace Neuralink.Models.Tests.Tokenizers;

/// <summary>Everything that Hugging Face's own tokenizers made of the texts in ../shared/data/tokenizers/hf.</summary>
public class HuggingFaceVectorsTests
{
    private const string Readme = HuggingFaceData.Root + "/README.md";

    public static TheoryData<string, string> Sets
    {
        get
        {
            TheoryData<string, string> sets = [];
            foreach ((string folder, string name) in HuggingFaceData.Sets)
                sets.Add(folder, name);
            return sets;
        }
    }

    [SharedDataTheory(Readme)]
    [MemberData(nameof(Sets))]
    public void Every_text_has_the_ids_and_every_ids_the_text_of_Hugging_Face(string folder, string name)
    {
        Tokenizer tokenizer = HuggingFaceData.Load(folder, name);
        List<string> wrong = [];
        int count = 0;
        foreach (JsonNode line in HuggingFaceData.Lines($"{folder}/{name}.vectors.jsonl"))
        {
            string text = (string)line["text"]!;
            int[] ids = HuggingFaceData.Ids(line["ids"]!), plain = HuggingFaceData.Ids(line["ids_plain"]!);
            count++;
            if (!tokenizer.Encode(text).SequenceEqual(ids) || !tokenizer.Encode(text, addSpecialTokens: false).SequenceEqual(plain))
                wrong.Add($"ids of {line["text"]!.ToJsonString()}: {string.Join(' ', tokenizer.Encode(text))} for {string.Join(' ', ids)}");
            else if (tokenizer.Decode(ids) != (string)line["decoded"]!)
                wrong.Add($"text of {string.Join(' ', ids)}: {JsonValue.Create(tokenizer.Decode(ids)).ToJsonString()}");
        }
        count.Should().BeGreaterThan(60);
        wrong.Should().BeEmpty();
    }

    [SharedDataTheory(Readme)]
    [InlineData("llama-2")]
    [InlineData("opt")]
    public void A_stream_shows_each_piece_when_Hugging_Face_can(string name)
    {
        StreamingDecoder decoder = new(HuggingFaceData.Load(name, name));
        int count = 0;
        foreach (JsonNode line in HuggingFaceData.Lines($"{name}/{name}.streaming.jsonl"))
        {
            int[] ids = HuggingFaceData.Ids(line["ids"]!);
            string[] expected = [.. line["pieces"]!.AsArray().Select(piece => (string)piece!)];
            string[] pieces = [.. ids.Select(decoder.Append)];
            pieces.Should().Equal(expected, "of line {0}", count);
            decoder.Flush().Should().BeEmpty();
            count++;
        }
        count.Should().BeGreaterThan(20);
    }

    [SharedDataFact(Readme)]
    public void Byte_tokens_that_are_no_text_decode_as_Hugging_Face_decodes_them()
    {
        Tokenizer tokenizer = HuggingFaceData.Load("llama-2", "llama-2");
        StreamingDecoder stream = new(tokenizer);
        foreach (JsonNode line in HuggingFaceData.Lines("llama-2/llama-2.broken-utf8.jsonl"))
        {
            int[] ids = HuggingFaceData.Ids(line["ids"]!);
            tokenizer.Decode(ids).Should().Be((string)line["decoded"]!);
            string shown = string.Concat(ids.Select(stream.Append)) + stream.Flush();
            if (line["note"] is null)
                shown.Should().Be((string)line["decoded"]!);
        }
    }
}
