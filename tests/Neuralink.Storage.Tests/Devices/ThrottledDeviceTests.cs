using Neuralink.Placement.Cost;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Tests.Devices;

public sealed class ThrottledDeviceContractTests : FlashDeviceContract
{
    protected override IFlashDevice Open(byte[] content, int queueDepth) => new ThrottledDevice(
        new MemoryFlashDevice(content, queueDepth, TimeProvider.System), ReadCost.Linear(readMicros: 1, bytesPerMicro: 10_000),
        TimeProvider.System);
}

public sealed class ThrottledDeviceTests
{
    [Fact]
    public void Reads_occupy_the_device_one_after_the_other_and_never_complete_early()
    {
        ReadCost cost = ReadCost.Linear(readMicros: 300, bytesPerMicro: 10);
        using NativeArena memory = new(1 << 16);
        FrameArena frames = new(memory, 8, 512, "frames");
        using CompletionCounter completions = new();
        FlashRead[] reads = Enumerable.Range(1, 8).Select(_ => new FlashRead(frames, 8, completions)).ToArray();
        using ThrottledDevice device = new(new MemoryFlashDevice(new byte[8192], 8, TimeProvider.System), cost, TimeProvider.System);
        for (int i = 0; i < reads.Length; i++)
        {
            for (int segment = 0; segment <= i; segment++)
                reads[i].Append(FrameArena.Discard);
            device.Submit(reads[i]);
        }

        completions.Wait(reads.Length);
        for (int i = 0; i < reads.Length; i++)
        {
            Elapsed(reads[i].StartedTimestamp, reads[i].CompletedTimestamp).Should().BeGreaterThanOrEqualTo(
                TimeSpan.FromMicroseconds(cost.MicrosOf(512 * (i + 1))));
            if (i > 0)
            {
                Elapsed(reads[i - 1].StartedTimestamp, reads[i].StartedTimestamp).Should().BeGreaterThanOrEqualTo(
                    TimeSpan.FromMicroseconds(cost.MicrosOf(512 * i)));
            }
        }

        static TimeSpan Elapsed(long from, long to) => TimeProvider.System.GetElapsedTime(from, to);
    }

    [Fact]
    public void A_device_can_get_slow_in_the_middle_of_a_run()
    {
        const int SlowFrom = 3, ReadCount = 6, Slowdown = 10;
        ReadCost cost = ReadCost.Linear(readMicros: 200, bytesPerMicro: 1000);
        using NativeArena memory = new(1 << 16);
        FrameArena frames = new(memory, 1, 512, "frames");
        using CompletionCounter completions = new();
        List<long> asked = [];
        MemoryFlashDevice fast = new(new byte[512], ReadCount, TimeProvider.System);
        using ThrottledDevice device = new(fast, cost, TimeProvider.System, number =>
        {
            asked.Add(number);
            return number < SlowFrom ? 1 : Slowdown;
        });
        FlashRead[] reads = [.. Enumerable.Range(0, ReadCount).Select(_ => new FlashRead(frames, 1, completions))];
        foreach (FlashRead read in reads)
        {
            read.Append(FrameArena.Discard);
            device.Submit(read);
        }

        completions.Wait(ReadCount);
        asked.Should().Equal(0, 1, 2, 3, 4, 5);
        for (int i = 1; i < ReadCount; i++)
        {
            TimeSpan occupied = TimeProvider.System.GetElapsedTime(reads[i - 1].StartedTimestamp, reads[i].StartedTimestamp);
            occupied.Should().BeGreaterThanOrEqualTo(
                TimeSpan.FromMicroseconds(cost.MicrosOf(512) * (i - 1 < SlowFrom ? 1 : Slowdown)) - TimeSpan.FromTicks(1));
        }
    }
}
