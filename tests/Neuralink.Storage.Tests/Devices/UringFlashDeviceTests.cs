using System.Runtime.Versioning;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Tests.Devices;

public sealed class UringFlashDeviceTests : IDisposable
{
    private const int Stride = 512;
    private const int SectorCount = 4096;

    private readonly TemporaryFolder _folder = new();
    private readonly NativeArena _memory = new(4 << 20);
    private readonly CompletionCounter _completions = new();

    public void Dispose()
    {
        _memory.Dispose();
        _completions.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(38, "no io_uring")]
    [InlineData(1, "forbidden")]
    [InlineData(13, "forbidden")]
    [InlineData(12, "ulimit -l")]
    [InlineData(22, "cannot be set up")]
    public void Where_io_uring_is_refused_threads_read_and_the_device_says_why(int errno, string reason)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using IFlashFile device = Open((uint _, ref UringParameters _) => -errno);

        device.Should().BeOfType<FileFlashDevice>();
        device.FallbackReason.Should().StartWith("reading by threads: ").And.Contain(reason);
        device.Description.Should().Contain("4 threads").And.Contain(reason);
        ShouldRead(device);
    }

    [Theory]
    [InlineData(UringParameters.FeatureSingleMapping)]
    [InlineData(UringParameters.FeatureNoDrop)]
    [InlineData(UringParameters.FeatureSubmitStable)]
    [InlineData(UringParameters.FeatureFastPoll)]
    public void A_kernel_without_a_feature_that_is_needed_is_too_old(uint feature)
    {
        if (!IsAvailable())
            return;
        using IFlashFile device = Open(Without(feature));

        device.FallbackReason.Should().StartWith("reading by threads: ").And.Contain("too old");
        ShouldRead(device);
    }

    [Fact]
    public void What_is_no_ring_is_refused_and_not_used()
    {
        if (!IsAvailable())
            return;

        // A descriptor that is none: what the kernel says after the setup is a refusal too.
        using IFlashFile device = Open(Invalid);

        device.FallbackReason.Should().StartWith("reading by threads: ");
        ShouldRead(device);

        static int Invalid(uint entryCount, ref UringParameters parameters)
        {
            parameters.Features = uint.MaxValue;
            (parameters.SubmissionCount, parameters.CompletionCount) = (8, 16);
            return int.MaxValue;
        }
    }

    [Fact]
    public void Reads_by_io_uring_where_there_is_one()
    {
        if (!IsAvailable())
            return;
        using IFlashFile device = FlashFile.Open(_folder.Write("image", Content()), FlashAccess.Uring, Stride, 4, TimeProvider.System);

        device.Should().BeOfType<UringFlashDevice>();
        device.Description.Should().Contain("io_uring");
        ShouldRead(device);
    }

    [Fact]
    public void A_file_without_direct_reads_is_read_through_the_page_cache_and_the_device_says_why()
    {
        if (!OperatingSystem.IsLinux())
            return;

        // The kernel's own files are the ones that refuse O_DIRECT on every Linux.
        using IFlashFile device = FlashFile.Open("/proc/cpuinfo", FlashAccess.Uring, Stride, 1, TimeProvider.System);

        device.FallbackReason.Should().Contain("reading through the page cache: the file system does not do direct reads");
        device.Description.Should().Contain("buffered").And.Contain("the file system does not do direct reads");
    }

    [Fact]
    public void One_read_more_than_the_queue_is_deep_is_refused()
    {
        if (!IsAvailable())
            return;
        HoldingSink sink = new();
        using IFlashFile device = FlashFile.Open(_folder.Write("image", Content()), FlashAccess.Uring, Stride, 2, TimeProvider.System);
        FrameArena frames = new(_memory, 4, Stride, "frames");
        FlashRead[] reads = [.. Enumerable.Range(0, 4).Select(i => NewRead(frames, i, sink))];
        try
        {
            // While its completion keeps the ring's thread, nothing else completes.
            device.Submit(reads[0]);
            sink.WaitForFirst();
            device.Submit(reads[1]);
            device.Submit(reads[2]);
            device.Invoking(it => it.Submit(reads[3])).Should().Throw<InvalidOperationException>().WithMessage("*no more*");
        }
        finally
        {
            sink.Release();
        }
    }

    [Fact]
    public void A_read_of_more_pieces_than_one_call_takes_arrives_whole()
    {
        byte[] content = Content();
        using IFlashFile device = FlashFile.Open(_folder.Write("image", content), FlashAccess.Uring, Stride, 2, TimeProvider.System);
        FrameArena frames = new(_memory, 6000, Stride, "frames");
        FlashRead read = new(frames, SectorCount, _completions);
        read.Reset(0);

        // Every other frame, so that no two make one vector.
        for (int i = 0; i < 3000; i++)
            read.Append(2 * i);
        device.Submit(read);
        _completions.Wait();

        read.IsComplete.Should().BeTrue();
        for (int i = 0; i < 3000; i++)
            frames.Frame(2 * i).SequenceEqual(content.AsSpan(i * Stride, Stride)).Should().BeTrue($"sector {i}");
    }

    [Fact]
    public void A_failing_medium_is_a_value()
    {
        if (!IsAvailable())
            return;

        // A folder opens, and no byte of it can be read.
        OpenedFile file = OpenedFile.Open(_folder.Write("image", Content()), FlashAccess.Buffered, Stride);
        Microsoft.Win32.SafeHandles.SafeFileHandle folder = LibC.Open(_folder.Path, LibC.OpenReadOnly);
        file.Handle.Dispose();
        using UringFlashDevice device = UringFlashDevice.TryOpen(
            file with { Handle = folder }, 2, TimeProvider.System, UringCalls.Setup, out _)!;
        FlashRead read = NewRead(new FrameArena(_memory, 1, Stride, "frames"), 0, _completions);
        device.Submit(read);
        _completions.Wait();

        read.Error.Should().NotBeNull();
        (read.BytesTransferred, read.IsComplete).Should().Be((0, false));
    }

    [Fact]
    public void Many_threads_submit_at_once_and_each_read_completes_once()
    {
        const int ThreadCount = 4, RoundCount = 2000;
        byte[] content = Content();
        using IFlashFile device = FlashFile.Open(
            _folder.Write("image", content), FlashAccess.Uring, Stride, ThreadCount, TimeProvider.System);
        FrameArena frames = new(_memory, ThreadCount, Stride, "frames");
        int wrong = 0;
        Thread[] threads = [.. Enumerable.Range(0, ThreadCount).Select(frame => new Thread(() => ReadAlone(frame)))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();

        wrong.Should().Be(0);

        void ReadAlone(int frame)
        {
            Random random = new(frame);
            using CompletionCounter completions = new();
            FlashRead read = new(frames, 1, completions);
            for (int round = 1; round <= RoundCount; round++)
            {
                int sector = random.Next(SectorCount);
                read.Reset((long)sector * Stride);
                read.Append(frame);
                device.Submit(read);
                completions.Wait();
                bool isRight = completions.Count == round && read.IsComplete
                    && frames.Frame(frame).SequenceEqual(content.AsSpan(sector * Stride, Stride));
                if (!isRight)
                    Interlocked.Increment(ref wrong);
            }
        }
    }

    [Fact]
    public void Devices_open_and_close_without_a_trace()
    {
        if (!IsAvailable())
            return;
        string path = _folder.Write("image", Content());
        FrameArena frames = new(_memory, 1, Stride, "frames");
        FlashRead read = NewRead(frames, 0, _completions);
        OpenAndClose();
        int before = OpenRings();
        for (int i = 0; i < 50; i++)
            OpenAndClose();

        OpenRings().Should().Be(before);

        void OpenAndClose()
        {
            using IFlashFile device = FlashFile.Open(path, FlashAccess.Uring, Stride, 4, TimeProvider.System);
            device.Submit(read);
        }

        // The ring and the file itself, as the kernel names them.
        int OpenRings() => Directory.GetFiles("/proc/self/fd")
            .Select(it => new FileInfo(it).LinkTarget)
            .Count(it => it is not null && (it == path || it.EndsWith("[io_uring]", StringComparison.Ordinal)));
    }

    private static byte[] Content()
    {
        byte[] content = new byte[SectorCount * Stride];
        new Random(2).NextBytes(content);
        return content;
    }

    [SupportedOSPlatformGuard("linux")]
    private static bool IsAvailable()
    {
        if (!OperatingSystem.IsLinux())
            return false;
        UringParameters parameters = default;
        int ring = UringCalls.Setup(4, ref parameters);
        if (ring >= 0)
            _ = UringCalls.Close(ring);
        return ring >= 0;
    }

    private static FlashRead NewRead(FrameArena frames, int frame, IFlashCompletionSink sink)
    {
        FlashRead read = new(frames, 1, sink);
        read.Reset((long)frame * Stride);
        read.Append(frame);
        return read;
    }

    [SupportedOSPlatform("linux")]
    private static UringSetup Without(uint feature) => (uint entryCount, ref UringParameters parameters) =>
    {
        int ring = UringCalls.Setup(entryCount, ref parameters);
        parameters.Features &= ~feature;
        return ring;
    };

    [SupportedOSPlatform("linux")]
    private IFlashFile Open(UringSetup setup) =>
        FlashFile.OpenUring(_folder.Write("image", Content()), FlashAccess.Direct, Stride, 4, TimeProvider.System, setup);

    private void ShouldRead(IFlashFile device)
    {
        FrameArena frames = new(_memory, 2, Stride, "frames");
        FlashRead read = NewRead(frames, 1, _completions);
        device.Submit(read);
        _completions.Wait();
        frames.Frame(1).SequenceEqual(Content().AsSpan(Stride, Stride)).Should().BeTrue();
    }

    /// <summary>Keeps the device's thread in the first completion until it is released.</summary>
    private sealed class HoldingSink : IFlashCompletionSink
    {
        private readonly TaskCompletionSource _first = new();
        private readonly TaskCompletionSource _released = new();

        public void Completed(FlashRead read)
        {
            _first.TrySetResult();
            _released.Task.Wait();
        }

        public void WaitForFirst() => _first.Task.Wait(TimeSpan.FromSeconds(60)).Should().BeTrue();

        public void Release() => _released.SetResult();
    }
}
