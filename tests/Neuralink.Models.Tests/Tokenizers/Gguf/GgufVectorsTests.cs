using Neuralink.Models.Tokenizers;

namespace Neuralink.Models.Tests.Tokenizers.Gguf;

/// <summary>The published vectors of llama.cpp: texts, and what tokens their vocabularies give.</summary>
public class GgufVectorsTests
{
    private const string Gpt2 = "tokenizers/gpt-2.gguf", Llama = "tokenizers/llama-spm.gguf";

    [SharedDataTheory(Gpt2)]
    [InlineData(Gpt2)]
    [InlineData(Llama)]
    public void Every_text_encodes_to_its_ids_and_decodes_to_itself(string vocabulary)
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.SharedData(vocabulary));
        string[] texts = File.ReadAllText(RepositoryFiles.SharedData(vocabulary + ".inp")).Split("\n__ggml_vocab_test__\n")[..^1];
        string[] expected = File.ReadAllText(RepositoryFiles.SharedData(vocabulary + ".out")).Split('\n')[..^1];

        texts.Should().HaveSameCount(expected).And.HaveCountGreaterThan(40);
        for (int i = 0; i < texts.Length; i++)
        {
            int[] ids = tokenizer.Encode(texts[i], addSpecialTokens: false);
            string.Join(' ', ids).Should().Be(expected[i].Trim(), "of text {0}, \"{1}\"", i, texts[i]);
            tokenizer.Decode(ids).Should().Be(texts[i]);
        }
    }

    [SharedDataFact(Gpt2)]
    public void The_vocabulary_has_its_published_size_and_its_end_of_text_token()
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.SharedData(Gpt2));

        tokenizer.VocabularySize.Should().Be(50257);
        tokenizer.IdOf("<|endoftext|>").Should().Be(50256);
        tokenizer.Encode("a<|endoftext|>b").Should().Equal(64, 50256, 65);
    }

    [SharedDataFact(Llama)]
    public void Llamas_texts_begin_with_its_token()
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.SharedData(Llama));

        tokenizer.Encode("Hello").Should().Equal(1, 15043);
        tokenizer.Encode("").Should().Equal(1);
    }
}
