using Neuralink.Models.Tokenizers.Subwords;

namespace Neuralink.Models.Tests.Tokenizers.Subwords;

public class WordCacheTests
{
    [Fact]
    public void A_kept_word_is_found_with_its_tokens()
    {
        WordCache cache = new();
        List<int> tokens = [7];
        cache.TryAppend("word", tokens).Should().BeFalse();

        cache.Keep("word", [1, 2]);

        cache.TryAppend("word", tokens).Should().BeTrue();
        tokens.Should().Equal(7, 1, 2);
    }

    [Fact]
    public void It_keeps_no_more_words_than_its_limit_and_no_long_ones()
    {
        WordCache cache = new();
        cache.Keep(new string('x', WordCache.WordCharsMax + 1), [1]);
        cache.Count.Should().Be(0);

        for (int i = 0; i < WordCache.WordsMax + 100; i++)
            cache.Keep($"{i}", [i]);

        cache.Count.Should().Be(WordCache.WordsMax);
    }
}
