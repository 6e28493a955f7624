namespace Neuralink.Storage.Tests;

/// <summary>What a killed run leaves is removed by the next; what a living one uses, or somebody else made, is not.</summary>
public sealed class ScratchFolderTests : IDisposable
{
    private const string Dead = "image.nlk.tmp-abcdefgh.123";

    private readonly TemporaryFolder _parent = new();

    private string Destination => _parent.File("image.nlk");

    public void Dispose() => _parent.Dispose();

    [Fact]
    public void A_folder_whose_process_is_gone_is_removed_with_its_lock_file()
    {
        Make(Dead, "leftover");
        _parent.Write($"{Dead}.lock", []);
        using (ScratchFolder.Create(Destination))
            Directory.Exists(_parent.File(Dead)).Should().BeFalse();
        Names().Should().BeEmpty();
    }

    [Fact]
    public void A_lock_file_without_a_folder_is_removed_when_nobody_holds_it()
    {
        _parent.Write($"{Dead}.lock", []);
        _parent.Write("image.nlk.lock", []);
        ScratchFolder.Create(Destination).Dispose();
        Names().Should().BeEquivalentTo("image.nlk.lock");
    }

    [Fact]
    public void A_folder_in_use_stays()
    {
        using ScratchFolder living = ScratchFolder.Create(Destination);
        File.WriteAllText(Path.Combine(living.Path, "a"), "1");
        using (ScratchFolder other = ScratchFolder.Create(Destination))
            other.Path.Should().NotBe(living.Path);
        File.ReadAllText(Path.Combine(living.Path, "a")).Should().Be("1");
    }

    [Theory]
    [InlineData("image.nlk.tmp-abcdefgh.1234")]
    [InlineData("image.nlk.tmp-ABCDEFGH.123")]
    [InlineData("image.nlk.tmp-")]
    [InlineData("image.nlk.old-abcdefgh.123")]
    [InlineData("other.nlk.tmp-abcdefgh.123")]
    [InlineData("image.nlk2.tmp-abcdefgh.123")]
    public void A_folder_of_another_name_stays(string name)
    {
        Make(name, "theirs");
        _parent.Write($"{name}.lock", []);
        ScratchFolder.Create(Destination).Dispose();
        Names().Should().BeEquivalentTo(name, $"{name}.lock");
    }

    [Fact]
    public void A_folder_without_a_lock_file_stays()
    {
        Make(Dead, "theirs");
        ScratchFolder.Create(Destination).Dispose();
        Names().Should().Equal(Dead);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_folder_that_was_taken_away_to_be_replaced_comes_back_unless_its_successor_is_there(bool isReplaced)
    {
        Make($"{Dead}.old", "old");
        _parent.Write($"{Dead}.lock", []);
        if (isReplaced)
            Make("image.nlk", "new");
        using (ScratchFolder.Create(Destination))
            File.ReadAllText(Path.Combine(Destination, "a")).Should().Be(isReplaced ? "new" : "old");
        Names().Should().Equal("image.nlk");
    }

    private void Make(string name, string text)
    {
        Directory.CreateDirectory(_parent.File(name));
        File.WriteAllText(Path.Combine(_parent.File(name), "a"), text);
    }

    private IEnumerable<string?> Names() => Directory.EnumerateFileSystemEntries(_parent.Path).Select(Path.GetFileName);
}
