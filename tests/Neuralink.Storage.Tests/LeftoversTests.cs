namespace Neuralink.Storage.Tests;

/// <summary>In a folder of ours, what any killed run left goes; what a living one holds, and what is of no run, stays.</summary>
public sealed class LeftoversTests : IDisposable
{
    private const string Dead = "opt-1.3b-0123456789abcdef.nlk.tmp-abcdefgh.123";

    private readonly TemporaryFolder _cache = new();

    public void Dispose() => _cache.Dispose();

    [Fact]
    public void Folders_and_lock_files_of_any_destination_are_removed()
    {
        Make(Dead);
        _cache.Write($"{Dead}.lock", []);
        Make("neuralink-probe.tmp-01234567.abc");
        _cache.Write("neuralink-probe.tmp-01234567.abc.lock", []);
        _cache.Write("alone.nlk.tmp-abcdefgh.123.lock", []);
        Remove();
        Names().Should().BeEmpty();
    }

    [Fact]
    public void A_folder_that_was_taken_away_to_be_replaced_comes_back()
    {
        Make($"{Dead}.old");
        _cache.Write($"{Dead}.lock", []);
        Remove();
        Names().Should().Equal("opt-1.3b-0123456789abcdef.nlk");
    }

    [Fact]
    public void What_a_living_process_holds_stays()
    {
        using ScratchFolder living = ScratchFolder.Create(_cache.File("living.nlk"));
        File.WriteAllText(Path.Combine(living.Path, "a"), "1");
        Remove();
        File.ReadAllText(Path.Combine(living.Path, "a")).Should().Be("1");
        Names().Should().HaveCount(2, "the lock file stays too");
    }

    [Fact]
    public void What_is_of_no_run_stays()
    {
        string[] names =
            ["a.nlk", "b.nlk.tmp-abcdefgh.1234", "c.nlk.tmp-ABCDEFGH.123", ".tmp-abcdefgh.123", "without-lock.nlk.tmp-abcdefgh.123"];
        Array.ForEach(names, Make);
        _cache.Write("other.lock", []);
        _cache.Write("stories.trace.partial", []);
        Remove();
        Names().Should().BeEquivalentTo([.. names, "other.lock", "stories.trace.partial"]);
    }

    [Fact]
    public void Temporary_files_that_nobody_writes_any_more_are_removed_from_the_folder_and_from_its_images()
    {
        Make("a.nlk");
        string profile = Old(_cache.Write("device-0123.json.tmp-abcdefgh.123", []));
        string quality = Old(_cache.Write("a.nlk/quality.json.tmp-abcdefgh.123", []));
        string fresh = _cache.Write("device-4567.json.tmp-abcdefgh.123", []), kept = Old(_cache.Write("device-0123.json", []));
        Remove();
        ((string[])[profile, quality, fresh, kept]).Where(File.Exists).Should().Equal(fresh, kept);
    }

    [Fact]
    public void A_temporary_file_that_is_being_written_stays_however_old_it_is()
    {
        string path = Old(_cache.Write("low-rank.safetensors.tmp-abcdefgh.123", []));
        using (new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read))
            Remove();
        File.Exists(path).Should().BeTrue();
        Remove();
        File.Exists(path).Should().BeFalse();
    }

    [Fact]
    public void A_folder_that_is_not_there_is_no_error() => Leftovers.Remove(_cache.File("none"), TimeProvider.System);

    private void Remove() => Leftovers.Remove(_cache.Path, TimeProvider.System);

    private void Make(string name)
    {
        Directory.CreateDirectory(_cache.File(name));
        File.WriteAllText(Path.Combine(_cache.File(name), "a"), "");
    }

    private static string Old(string path)
    {
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow - TimeSpan.FromHours(1));
        return path;
    }

    private IEnumerable<string?> Names() => Directory.EnumerateFileSystemEntries(_cache.Path).Select(Path.GetFileName);
}
