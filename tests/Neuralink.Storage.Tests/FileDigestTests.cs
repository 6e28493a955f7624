using System.Text;

namespace Neuralink.Storage.Tests;

public sealed class FileDigestTests
{
    // What `xxhsum -H128` prints.
    [Theory]
    [InlineData("", "99aa06d3014798d86001c324468d497f")]
    [InlineData("abc", "06b05ab6733a618578af5f94892f3950")]
    public void It_is_that_of_the_reference_implementation(string text, string expected)
    {
        FileDigest digest = new();
        digest.Append(Encoding.UTF8.GetBytes(text));
        digest.Finish().Should().Be(expected);
        digest.Finish().Should().Be("99aa06d3014798d86001c324468d497f", "the next byte begins another file");
    }

    [Fact]
    public void Pieces_of_any_length_give_the_digest_of_the_whole()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = new byte[3_000_001];
        Random random = new(1);
        random.NextBytes(bytes);
        List<int> advances = [];
        string whole = FileDigest.Of(folder.Write("file", bytes), advances.Add);
        advances.Sum().Should().Be(bytes.Length);
        FileDigest digest = new();
        for (int at = 0, count; at < bytes.Length; at += count)
        {
            count = Math.Min(random.Next(1, 100_000), bytes.Length - at);
            digest.Append(bytes.AsSpan(at, count));
        }
        digest.Finish().Should().Be(whole);
        bytes[1_234_567] ^= 1;
        digest.Append(bytes);
        digest.Finish().Should().NotBe(whole);
    }

    [Theory]
    [InlineData("99aa06d3014798d86001c324468d497f", true)]
    [InlineData("99AA06D3014798D86001C324468D497F", false)]
    [InlineData("99aa06d3014798d86001c324468d497", false)]
    [InlineData("99aa06d3014798d86001c324468d497g", false)]
    [InlineData("", false)]
    public void It_is_written_in_lower_case_hexadecimal(string text, bool isWellFormed) =>
        FileDigest.IsWellFormed(text).Should().Be(isWellFormed);
}
