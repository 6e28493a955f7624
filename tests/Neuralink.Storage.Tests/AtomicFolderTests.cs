namespace Neuralink.Storage.Tests;

public sealed class AtomicFolderTests : IDisposable
{
    private readonly TemporaryFolder _parent = new();

    private string Destination => _parent.File("image.nlk");

    public void Dispose() => _parent.Dispose();

    [Fact]
    public void Appears_whole_on_commit()
    {
        using (AtomicFolder folder = new(Destination))
        {
            Write(folder, "a", "1");
            Directory.CreateDirectory(Path.Combine(folder.Path, "sub"));
            Write(folder, "sub/b", "2");
            Directory.Exists(Destination).Should().BeFalse();
            folder.Commit();
        }

        File.ReadAllText(Path.Combine(Destination, "a")).Should().Be("1");
        File.ReadAllText(Path.Combine(Destination, "sub", "b")).Should().Be("2");
        Names().Should().Equal("image.nlk");
    }

    [Fact]
    public void Leaves_nothing_without_a_commit()
    {
        using (AtomicFolder folder = new(Destination))
            Write(folder, "a", "1");

        Names().Should().BeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Replaces_only_when_told_to_and_only_on_commit(bool commit)
    {
        Make("old");
        using (AtomicFolder folder = new(Destination + Path.DirectorySeparatorChar, replace: true))
        {
            Write(folder, "a", "new");
            File.ReadAllText(Path.Combine(Destination, "a")).Should().Be("old");
            if (commit)
                folder.Commit();
        }

        File.ReadAllText(Path.Combine(Destination, "a")).Should().Be(commit ? "new" : "old");
        Names().Should().Equal("image.nlk");
    }

    [Fact]
    public void A_destination_that_exists_is_refused()
    {
        Make("old");
        FluentActions.Invoking(() => new AtomicFolder(Destination)).Should().Throw<NeuralinkException>()
            .WithMessage("*image.nlk*it exists*");
        Names().Should().Equal("image.nlk");
    }

    [Fact]
    public void A_destination_that_came_into_existence_meanwhile_is_left_alone()
    {
        using (AtomicFolder folder = new(Destination))
        {
            Write(folder, "a", "late");
            Make("first");
            folder.Invoking(it => it.Commit()).Should().Throw<NeuralinkException>().WithMessage("*it exists*");
        }

        File.ReadAllText(Path.Combine(Destination, "a")).Should().Be("first");
        Names().Should().Equal("image.nlk");
    }

    [Fact]
    public void A_file_in_the_way_is_an_operating_error()
    {
        _parent.Write("image.nlk", []);
        FluentActions.Invoking(() => new AtomicFolder(Destination, replace: true)).Should().Throw<NeuralinkException>();
        FluentActions.Invoking(() => new AtomicFolder(Path.Combine(Destination, "inside"))).Should().Throw<NeuralinkException>();
    }

    private static void Write(AtomicFolder folder, string name, string text) => File.WriteAllText(Path.Combine(folder.Path, name), text);

    private void Make(string text)
    {
        Directory.CreateDirectory(Destination);
        File.WriteAllText(Path.Combine(Destination, "a"), text);
    }

    private IEnumerable<string?> Names() => Directory.EnumerateFileSystemEntries(_parent.Path).Select(Path.GetFileName);
}
