using System.Text;
using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Tokenizers;

/// <summary>A damaged file is refused, or works as what it has become; it is never any other exception.</summary>
public class TokenizerFuzzTests
{
    private static readonly byte[] s_whole = File.ReadAllBytes(RepositoryFiles.BundledModel("tokenizer.json"));
    private static readonly byte[] s_small = SmallFile();

    [Fact]
    public void A_file_cut_short_is_refused()
    {
        for (int length = 0; length < s_small.Length; length++)
            LoadAndUse(s_small[..length]).Should().BeFalse();

        Random random = new(5);
        for (int round = 0; round < 50; round++)
            LoadAndUse(s_whole[..random.Next(s_whole.Length)].AsSpan().TrimEnd("\n"u8).ToArray()).Should().BeFalse();
    }

    [Fact]
    public void A_flipped_byte_is_refused_or_harmless_wherever_it_is()
    {
        byte[] masks = [0x01, 0x02, 0x10, 0x20, 0x80];
        LoadAndUse(s_small).Should().BeTrue();
        for (int at = 0; at < s_small.Length; at++)
        {
            byte[] damaged = [.. s_small];
            damaged[at] ^= masks[at % masks.Length];
            LoadAndUse(damaged);
        }
    }

    [Fact]
    public void Flipped_bytes_in_the_bundled_file_are_refused_or_harmless()
    {
        Random random = new(6);
        for (int round = 0; round < 200; round++)
        {
            byte[] damaged = [.. s_whole];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));

            LoadAndUse(damaged);
        }
    }

    // Lets every exception but NeuralinkException through, which fails the test.
    private static bool LoadAndUse(byte[] file)
    {
        try
        {
            Tokenizer tokenizer = TokenizerJson.Load(file);
            tokenizer.Decode(tokenizer.Encode("Once <s> a\u00e9 12\U0001F600\n"));
            return true;
        }
        catch (NeuralinkException)
        {
            return false;
        }
    }

    // Every supported section, and as few tokens as can encode anything.
    private static byte[] SmallFile()
    {
        JsonObject json = TokenizerJson.Of(new JsonObject { ["a"] = 0, ["b"] = 1, ["ab"] = 2, ["<unk>"] = 3 }, ["a b"]);
        json["model"]!["unk_token"] = "<unk>";
        json["model"]!["ignore_merges"] = true;
        json["added_tokens"] = new JsonArray(TokenizerJson.AddedToken(4, "<s>", flag: "lstrip"));
        json["pre_tokenizer"] = TokenizerJson.Sequence(
            "pretokenizers", TokenizerJson.Split(TokenizerJson.Llama3Pattern), TokenizerJson.ByteLevelStep(useRegex: false));
        json["post_processor"] = JsonNode.Parse(
            """
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],
             "special_tokens":{"<s>":{"ids":[4]}}}
            """);
        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }
}
