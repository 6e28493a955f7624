namespace Neuralink.Storage.Tests;

public sealed class WriteFailureTests
{
    [Theory]
    [InlineData(28)]
    [InlineData(unchecked((int)0x80070070))]
    [InlineData(unchecked((int)0x80070027))]
    public void A_full_disk_is_recognised_by_each_systems_code(int code) =>
        WriteFailure.Describe("a/b", new IOException("full", code)).Message.Should().Be("cannot write a/b: the disk is full; free some space on it or write to another disk");

    [Fact]
    public void Any_other_failure_keeps_its_own_words() =>
        WriteFailure.Describe("a/b", new IOException("unplugged")).Message.Should().Be("cannot write a/b: unplugged");

    [Fact]
    public void A_file_that_cannot_be_created_for_lack_of_room_says_how_much_is_missing()
    {
        using TemporaryFolder folder = new();

        WriteFailure.DescribeCreation(folder.File("b"), long.MaxValue, new IOException("?")).Message.Should().Match($"*expected {long.MaxValue} bytes free*");
        WriteFailure.DescribeCreation(folder.File("b"), 0, new IOException("unplugged")).Message.Should().EndWith("unplugged");
        WriteFailure.DescribeCreation(folder.File("none/b"), long.MaxValue, new IOException("?")).Message.Should().Match("*bytes free*", "the disk is that of the nearest folder there is");
    }
}
