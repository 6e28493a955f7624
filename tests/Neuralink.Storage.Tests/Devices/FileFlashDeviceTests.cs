using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Tests.Devices;

public sealed class FileFlashDeviceBufferedTests : FlashDeviceContract
{
    private readonly TemporaryFolder _folder = new();

    protected override IFlashDevice Open(byte[] content, int queueDepth) =>
        FileFlashDevice.Open(_folder.Write("image", content), FlashAccess.Buffered, Stride, queueDepth, TimeProvider.System);

    protected override void DisposeMore() => _folder.Dispose();
}

/// <summary>
/// Where the file system of the temporary folder refuses direct reads, this runs over the fallback, which has the same contract.
/// </summary>
public sealed class FileFlashDeviceDirectTests : FlashDeviceContract
{
    private readonly TemporaryFolder _folder = new();

    protected override IFlashDevice Open(byte[] content, int queueDepth) =>
        FileFlashDevice.Open(_folder.Write("image", content), FlashAccess.Direct, Stride, queueDepth, TimeProvider.System);

    protected override void DisposeMore() => _folder.Dispose();
}

public sealed class FileFlashDeviceTests
{
    [Fact]
    public void Direct_access_is_had_or_its_lack_explained()
    {
        using TemporaryFolder folder = new();
        using FileFlashDevice device = FileFlashDevice.Open(
            folder.Write("image", new byte[8192]), FlashAccess.Direct, 512, 1, TimeProvider.System);

        (device.Access == FlashAccess.Buffered).Should().Be(device.FallbackReason is not null);
        device.Description.Should().Contain(device.Access == FlashAccess.Direct ? "direct" : "buffered");
    }

    // The contract's frames are so small that many of them are copied.
    [Theory]
    [InlineData(512, 400)]
    [InlineData(8192, 32)]
    [InlineData(8192, 33)]
    [InlineData(12288, 40)]
    public void Frames_of_every_size_are_filled_by_reads_of_many(int stride, int count)
    {
        using TemporaryFolder folder = new();
        using NativeArena memory = new(((long)stride * (count + 2)) + (1 << 16));
        using CompletionCounter completions = new();
        byte[] content = new byte[stride * count];
        Random random = new(stride);
        random.NextBytes(content);
        FrameArena frames = new(memory, count, stride, "frames");
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle(order);
        using FileFlashDevice device = FileFlashDevice.Open(
            folder.Write("image", content), FlashAccess.Direct, stride, 1, TimeProvider.System);
        FlashRead read = new(frames, count, completions);
        read.Reset(0);
        for (int i = 0; i < count; i++)
            read.Append(i % 5 == 0 ? FrameArena.Discard : order[i]);
        device.Submit(read);
        completions.Wait();

        read.IsComplete.Should().BeTrue();
        for (int i = 0; i < count; i++)
        {
            if (i % 5 != 0)
                frames.Frame(order[i]).SequenceEqual(content.AsSpan(i * stride, stride)).Should().BeTrue($"segment {i}");
        }
    }

    [Fact]
    public void Buffered_access_on_demand_is_no_fallback()
    {
        using TemporaryFolder folder = new();
        using FileFlashDevice device = FileFlashDevice.Open(
            folder.Write("image", new byte[8192]), FlashAccess.Buffered, 512, 1, TimeProvider.System);

        (device.Access, device.FallbackReason).Should().Be((FlashAccess.Buffered, null));
    }

    [Fact]
    public void A_file_system_without_direct_reads_is_read_through_the_page_cache()
    {
        if (!OperatingSystem.IsLinux())
            return;

        // The kernel's own files are the ones that refuse O_DIRECT on every Linux.
        using FileFlashDevice device = FileFlashDevice.Open("/proc/cpuinfo", FlashAccess.Direct, 512, 1, TimeProvider.System);

        (device.Access, device.FallbackReason).Should().Be(
            (FlashAccess.Buffered, "reading through the page cache: the file system does not do direct reads"));
    }

    [Theory]
    [InlineData(FlashAccess.Direct)]
    [InlineData(FlashAccess.Buffered)]
    public void What_is_no_file_is_an_operating_error(FlashAccess access)
    {
        using TemporaryFolder folder = new();
        FluentActions.Invoking(() => FileFlashDevice.Open(folder.File("none"), access, 512, 1, TimeProvider.System))
            .Should().Throw<NeuralinkException>();
        FluentActions.Invoking(() => FileFlashDevice.Open(folder.Path, access, 512, 1, TimeProvider.System))
            .Should().Throw<NeuralinkException>();
    }
}
