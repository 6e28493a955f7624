using Neuralink.Models.Tracing;

namespace Neuralink.Models.Tests.Tracing;

public sealed class TokenWindowsTests
{
    [Fact]
    public void Texts_are_cut_one_by_one_and_no_window_spans_two()
    {
        TokenWindows windows = TokenWindows.Cut([[1, 2, 3, 4, 5], [], [6], [7, 8]], 2);
        Enumerable.Range(0, windows.Count).Select(i => string.Join(' ', windows.Window(i).ToArray()))
            .Should().Equal("1 2", "3 4", "5", "6", "7 8");
        Enumerable.Range(0, windows.Count + 1).Select(windows.BeginOf).Should().Equal(0, 2, 4, 5, 6, 8);
        (windows.TokenCount, windows.WindowTokens).Should().Be((8, 2));
        windows.WindowAt(0).Should().Be(0);
        windows.WindowAt(5).Should().Be(3);
        windows.WindowAt(8).Should().Be(5);
        windows.WindowAt(3).Should().BeNull();
    }

    [Fact]
    public void The_digest_changes_with_a_token_and_with_a_cut()
    {
        string digest = TokenWindows.Cut([[1, 2, 3, 4]], 2).Digest;
        TokenWindows.Cut([[1, 2], [3, 4]], 2).Digest.Should().Be(digest);
        TokenWindows.Cut([[1, 2, 3, 5]], 2).Digest.Should().NotBe(digest);
        TokenWindows.Cut([[1, 2, 3, 4]], 3).Digest.Should().NotBe(digest);
        TokenWindows.Cut([[1, 2, 3], [4]], 2).Digest.Should().NotBe(digest);
    }
}
