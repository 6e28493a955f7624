using Neuralink.Storage.Devices;

namespace Neuralink.Storage.Tests.Devices;

public sealed class PageCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_dropped_where_the_system_takes_advice_and_reads_the_same_afterwards()
    {
        string path = _folder.Write("file", [1, 2, 3]);
        PageCache.TryDrop(path).Should().Be(OperatingSystem.IsLinux());
        File.ReadAllBytes(path).Should().Equal(1, 2, 3);
    }

    [Fact]
    public void What_is_not_there_is_in_no_cache()
    {
        PageCache.TryDrop("/nowhere/file").Should().BeFalse();
        PageCache.TryDrop(Path.GetTempPath()).Should().BeFalse("a folder has no pages of its own here");
    }
}
