using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers;

namespace Neuralink.Models.Tests.Tokenizers;

public class Gpt2VectorsTests
{
    private const string Vectors = "tokenizers/gpt-2.gguf";
    private const int ControlToken = 3;

    [SharedDataFact(Vectors)]
    public void Every_text_of_the_published_vectors_encodes_to_its_ids_and_decodes_to_itself()
    {
        Tokenizer tokenizer = Load();
        string[] texts = File.ReadAllText(RepositoryFiles.SharedData(Vectors + ".inp")).Split("\n__ggml_vocab_test__\n")[..^1];
        string[] expected = File.ReadAllText(RepositoryFiles.SharedData(Vectors + ".out")).Split('\n')[..^1];

        texts.Should().HaveSameCount(expected).And.HaveCountGreaterThan(40);
        for (int i = 0; i < texts.Length; i++)
        {
            int[] ids = tokenizer.Encode(texts[i]);
            string.Join(' ', ids).Should().Be(expected[i].Trim(), "of text {0}, \"{1}\"", i, texts[i]);
            tokenizer.Decode(ids).Should().Be(texts[i]);
        }
    }

    [SharedDataFact(Vectors)]
    public void The_vocabulary_has_its_published_size_and_its_end_of_text_token()
    {
        Tokenizer tokenizer = Load();

        tokenizer.VocabularySize.Should().Be(50257);
        tokenizer.IdOf("<|endoftext|>").Should().Be(50256);
        tokenizer.Encode("a<|endoftext|>b").Should().Equal(64, 50256, 65);
    }

    private static Tokenizer Load()
    {
        Dictionary<string, object> metadata = GgufMetadata.Read(RepositoryFiles.SharedData(Vectors));
        object[] tokens = (object[])metadata["tokenizer.ggml.tokens"];
        object[] types = (object[])metadata["tokenizer.ggml.token_type"];
        JsonObject vocabulary = [];
        JsonArray added = [];
        for (int id = 0; id < tokens.Length; id++)
        {
            vocabulary.Add((string)tokens[id], id);
            if ((int)types[id] == ControlToken)
                added.Add(TokenizerJson.AddedToken(id, (string)tokens[id]));
        }

        JsonObject json = TokenizerJson.Of(vocabulary, ((object[])metadata["tokenizer.ggml.merges"]).Cast<string>());
        json["added_tokens"] = added;
        return TokenizerJson.Load(json);
    }
}
