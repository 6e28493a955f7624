using System.Text;
using Neuralink.Models.Tokenizers;

namespace Neuralink.Models.Tests.Tokenizers;

public class StreamingDecoderTests
{
    private static readonly Tokenizer s_bytes = TokenizerJson.Load(TokenizerJson.ByteLevel());

    [Fact]
    public void A_character_comes_out_whole_with_its_last_byte()
    {
        StreamingDecoder decoder = new(s_bytes);
        string[] pieces = [.. s_bytes.Encode("a\u00e9\u4e2d\U0001F600").Select(decoder.Append)];

        pieces.Should().Equal("a", "", "\u00e9", "", "", "\u4e2d", "", "", "", "\U0001F600");
        decoder.Flush().Should().BeEmpty();
    }

    [Fact]
    public void A_stream_that_ends_inside_a_character_says_so_and_can_begin_again()
    {
        StreamingDecoder decoder = new(s_bytes);
        decoder.Append(0xE4).Should().BeEmpty();
        decoder.Append(0xB8).Should().BeEmpty();
        decoder.Flush().Should().Be("\uFFFD");
        decoder.Flush().Should().BeEmpty();
        decoder.Append('a').Should().Be("a");
    }

    [Fact]
    public void A_character_cut_off_by_another_comes_out_before_it()
    {
        StreamingDecoder decoder = new(s_bytes);
        decoder.Append(0xE4).Should().BeEmpty();
        decoder.Append('a').Should().Be("\uFFFDa");
    }

    [Fact]
    public void Any_tokens_stream_to_the_text_they_decode_to_at_once()
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.BundledModel("tokenizer.json"));
        Random random = new(4);
        for (int round = 0; round < 300; round++)
        {
            int[] ids = [.. Enumerable.Range(0, 60).Select(_ => random.Next(random.Next(2) == 0 ? 260 : 1600))];
            foreach (bool skip in (bool[])[true, false])
            {
                StreamingDecoder decoder = new(tokenizer, skip);
                StringBuilder text = new();
                foreach (int id in ids)
                    text.Append(decoder.Append(id));

                text.Append(decoder.Flush());
                text.ToString().Should().Be(tokenizer.Decode(ids, skip));
            }
        }
    }
}
