namespace Neuralink.Storage.Tests;

public sealed class WriteFailureTests
{
    [Theory]
    [InlineData(28)]
    [InlineData(unchecked((int)0x80070070))]
    [InlineData(unchecked((int)0x80070027))]
    public void A_full_disk_is_recognised_by_each_systems_code(int code) =>
        WriteFailure.Describe("a/b", new IOException("full", code)).Message
            .Should().Be("cannot write a/b: the disk is full; free some space on it or write to another disk");

    [Fact]
    public void Any_other_failure_keeps_its_own_words() =>
        WriteFailure.Describe("a/b", new IOException("unplugged")).Message.Should().Be("cannot write a/b: unplugged");

    [Fact]
    public void Whichever_part_of_the_path_is_in_the_way_is_named()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("file", []), below = Path.Combine(file, "x", "b");

        Described(below).Should().Be($"cannot write {below}: expected a folder to write it to, found the file {file}; choose another name");
        Described(folder.File("none/b")).Should().EndWith("found no such folder; create it or choose another name");
        Described(folder.Path).Should().EndWith("expected a name that may be written, found a folder; choose another name");
        WriteFailure.Describe(folder.File("b"), new UnauthorizedAccessException("?")).Message
            .Should().EndWith("found no permission; choose another name");

        static string Described(string path) => WriteFailure
            .Describe(path, FluentActions.Invoking(() => File.WriteAllBytes(path, [])).Should().Throw<Exception>().Which).Message;
    }

    [Fact]
    public void A_file_that_cannot_be_created_for_lack_of_room_says_how_much_is_missing()
    {
        using TemporaryFolder folder = new();

        WriteFailure.DescribeCreation(folder.File("b"), long.MaxValue, new IOException("?")).Message
            .Should().Match($"*expected {long.MaxValue} bytes free*");
        WriteFailure.DescribeCreation(folder.File("b"), 0, new IOException("unplugged")).Message.Should().EndWith("unplugged");
        WriteFailure.DescribeCreation(folder.File("none/b"), long.MaxValue, new IOException("?")).Message
            .Should().Match("*bytes free*", "the disk is that of the nearest folder there is");
    }
}
