using System.Text;
using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Tokenizers.Files;

public sealed class SentencePieceReaderTests : IDisposable
{
    private const string Model = HuggingFaceData.Root + "/llama-2/tokenizer.model";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SharedDataFact(Model)]
    public void Llama_2s_tokenizer_model_has_the_ids_and_texts_of_its_tokenizer_json()
    {
        File.Copy(RepositoryFiles.SharedData(Model), Path.Combine(_folder.Path, "tokenizer.model"));
        Tokenizer tokenizer = Tokenizer.Load(_folder.Path);
        int count = 0;
        foreach (JsonNode line in HuggingFaceData.Lines("llama-2/llama-2.vectors.jsonl"))
        {
            tokenizer.Encode((string)line["text"]!).Should().Equal(HuggingFaceData.Ids(line["ids"]!), "of {0}", line["text"]);
            tokenizer.Decode(HuggingFaceData.Ids(line["ids"]!)).Should().Be((string)line["decoded"]!);
            count++;
        }
        count.Should().BeGreaterThan(400);
    }

    [SharedDataFact(Model)]
    public void Without_legacy_no_space_goes_in_front_of_text_behind_a_special_token()
    {
        File.Copy(RepositoryFiles.SharedData(Model), Path.Combine(_folder.Path, "tokenizer.model"));
        _folder.Write(
            "tokenizer_config.json", """{"tokenizer_class":"LlamaTokenizer","legacy":false,"add_bos_token":false,"add_eos_token":true}""");
        Tokenizer tokenizer = Tokenizer.Load(_folder.Path);

        tokenizer.Encode("Hello</s>.").Select(tokenizer.TokenOf).Should().Equal("\u2581Hello", "</s>", ".", "</s>");
    }

    [Fact]
    public void A_unigram_model_takes_the_pieces_of_the_best_sum_and_bytes_for_the_rest()
    {
        Write(isUnigram: true, ("\u2581a", -1), ("b", -2), ("\u2581ab", -2.5f), ("c", -9), ("bc", -3));
        Tokenizer tokenizer = Tokenizer.Load(_folder.Path);

        Tokens(tokenizer, "ab").Should().Equal("\u2581ab");
        Tokens(tokenizer, "abc").Should().Equal("\u2581a", "bc");
        Tokens(tokenizer, "a\u00e9").Should().Equal("\u2581a", "<0xC3>", "<0xA9>");
        tokenizer.Decode(tokenizer.Encode("ab a\u00e9")).Should().Be("ab a\u00e9");
    }

    [Fact]
    public void A_byte_pair_model_merges_the_best_score_first_and_the_leftmost_of_equals()
    {
        Write(isUnigram: false, ("\u2581", -9), ("a", -9), ("b", -9), ("aa", -1), ("ab", -2), ("\u2581a", -3));
        Tokenizer tokenizer = Tokenizer.Load(_folder.Path);

        Tokens(tokenizer, "aaab").Should().Equal("\u2581", "aa", "ab");
        Tokens(tokenizer, "ab").Should().Equal("\u2581", "ab");
        Tokens(tokenizer, "  a").Should().Equal("\u2581", "\u2581", "\u2581a");
        Tokens(tokenizer, "<u>a").Should().Equal("\u2581", "<u>", "a");
    }

    [Fact]
    public void A_damaged_file_is_refused_or_works_as_what_it_has_become()
    {
        byte[] whole = Write(isUnigram: false, ("\u2581", -9), ("a", -9), ("b", -9), ("ab", -2));
        string path = Path.Combine(_folder.Path, "tokenizer.model");
        Random random = new(11);
        int refused = 0;
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] damaged = at % 2 == 0 ? whole[..at] : [.. whole];
            if (at % 2 == 1)
                damaged[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, damaged);
            try
            {
                Tokenizer tokenizer = Tokenizer.Load(_folder.Path);
                tokenizer.Decode(tokenizer.Encode("ab\u00e9 <s>"));
            }
            catch (NeuralinkException)
            {
                refused++;
            }
        }
        refused.Should().BeGreaterThan(whole.Length / 4);
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid", "*tokenizer.model*Git LFS pointer*git lfs pull*")]
    [InlineData("IQ== 0\nIg== 1\n", "*tokenizer.model*SentencePiece*AutoTokenizer*")]
    [InlineData("", "*empty*")]
    public void Another_file_of_the_name_is_refused_by_what_it_is(string content, string message)
    {
        _folder.Write("tokenizer.model", content);

        FluentActions.Invoking(() => Tokenizer.Load(_folder.Path)).Should().Throw<NeuralinkException>().WithMessage(message);
    }

    private static string[] Tokens(Tokenizer tokenizer, string text) =>
        [.. tokenizer.Encode(text, addSpecialTokens: false).Select(id => tokenizer.TokenOf(id)!)];

    /// <summary>Writes a model of these pieces behind the special ones, the bytes and a user's own.</summary>
    private byte[] Write(bool isUnigram, params (string Text, float Score)[] pieces)
    {
        List<(string, float, int)> all = [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3)];
        all.AddRange(Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 0f, 6)));
        all.Add(("<u>", 0, 4));
        all.AddRange(pieces.Select(piece => (piece.Text, piece.Score, 1)));
        using MemoryStream file = new();
        foreach ((string text, float score, int kind) in all)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            byte[] piece = [0x0A, (byte)utf8.Length, .. utf8, 0x15, .. BitConverter.GetBytes(score), 0x18, (byte)kind];
            file.Write([0x0A, (byte)piece.Length, .. piece]);
        }
        file.Write([0x12, 5, 0x18, (byte)(isUnigram ? 1 : 2), 0x98, 0x02, 1]);        // model_type, byte_fallback
        file.Write([0x1A, 2, 0x20, 0]);                                                // remove_extra_whitespaces
        File.WriteAllBytes(Path.Combine(_folder.Path, "tokenizer.model"), file.ToArray());
        return file.ToArray();
    }
}
