using Neuralink.Models.Tokenizers;
using Neuralink.Studies.Measuring;
using Neuralink.Tests.Support;

namespace Neuralink.Studies.Tests.Measuring;

public sealed class BenchTextsTests
{
    private readonly Tokenizer _tokenizer = Tokenizer.Load(Path.Combine(BundledModel.Folder, "tokenizer.json"));

    [Fact]
    public void A_number_is_one_text_and_another_is_another()
    {
        BenchTexts texts = new(_tokenizer, 1000, source: null), again = new(_tokenizer, 1000, source: null);
        int[] first = Prompt(texts, 20, 1);
        first.Should().HaveCount(20).And.OnlyContain(id => id >= 0 && id < 1000);
        Prompt(again, 20, 1).Should().Equal(first);
        Prompt(texts, 20, 2).Should().NotEqual(first);
        texts.Request(BenchTest.Generation(5), 1).Sampling.Seed.Should().NotBe(texts.Request(BenchTest.Generation(5), 2).Sampling.Seed);
    }

    [Fact]
    public void A_text_goes_on_past_its_end_and_begins_as_the_model_was_trained()
    {
        GenerationRequest request = new BenchTexts(_tokenizer, 1000, source: null).Request(BenchTest.Generation(5), 3);
        (request.Prompt.Length, request.MaxTokens, request.IgnoreEndTokens).Should().Be((1, 5, true));
        int[] begin = _tokenizer.Encode("");
        if (begin.Length > 0)
            request.Prompt.Span[0].Should().Be(begin[0]);
    }

    [Fact]
    public void A_prompt_that_is_cut_from_a_text_is_a_part_of_it()
    {
        const string Story = "Once upon a time there was a little girl who lived in a small house near the wood with her old dog.";
        int[] all = _tokenizer.Encode(Story, addSpecialTokens: false);
        BenchTexts texts = new(_tokenizer, 1000, new BenchSource("story", Story));
        int special = Math.Min(1, _tokenizer.Encode("").Length);
        for (int number = 0; number < 50; number++)
        {
            int[] cut = Prompt(texts, 8, number)[special..];
            string.Join(' ', all).Should().Contain(string.Join(' ', cut));
        }
    }

    private static int[] Prompt(BenchTexts texts, int tokens, int number) =>
        texts.Request(BenchTest.Prompt(tokens), number).Prompt.ToArray();
}
