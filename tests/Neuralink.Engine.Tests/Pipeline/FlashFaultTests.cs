using System.Collections.Concurrent;
using Neuralink.Placement.Cost;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>What flash does wrong is repaired, or ends one generation with a clear error; the engine lives on.</summary>
public sealed class FlashFaultTests(RandomImage image) : IClassFixture<RandomImage>
{
    public static TheoryData<FlashFault> Faults =>
        [new FlashFault.Fail(), new FlashFault.ShortRead(700), new FlashFault.ShortRead(0), new FlashFault.FlipBit(3, 5)];

    public static TheoryData<ExecutionStrategy> Strategies => [.. TokenStrategies.OverAnyOrder];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_read_that_fails_once_is_repeated_and_no_token_changes(FlashFault fault)
    {
        ConcurrentDictionary<long, int> attempts = [];
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (_, read) => attempts.AddOrUpdate(read.OffsetBytes, 1, (_, n) => n + 1) == 1 ? fault : null);
        await faulty.ShouldWorkAsync();
        attempts.Count.Should().BeGreaterThan(10);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_read_that_fails_twice_is_repeated_twice(FlashFault fault)
    {
        ConcurrentDictionary<long, int> attempts = [];
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (_, read) => attempts.AddOrUpdate(read.OffsetBytes, 1, (_, n) => n + 1) <= 2 ? fault : null);
        await faulty.ShouldWorkAsync();
        attempts.Values.Max().Should().BeGreaterThan(2);
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task Every_hundredth_read_failing_changes_no_token(ExecutionStrategy strategy)
    {
        int faults = 0;
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (number, _) => number % 100 == 99 && Interlocked.Increment(ref faults) > 0 ? new FlashFault.Fail() : null,
            strategy, chunkTokens: 1);
        await faulty.ShouldWorkAsync();
        faults.Should().BePositive();
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task A_device_that_suddenly_gets_ten_times_slower_changes_no_token(ExecutionStrategy strategy)
    {
        long reads = 0;
        EngineOptions options = new()
        {
            Strategy = strategy,
            Threads = 2,
            QueueDepth = 4,
            ChunkTokens = 1,
            Cache = CacheSize.OfShare(0.1),
            CollapseGapBytes = 0,
        };
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, options, decorate: inner => new ThrottledDevice(
            inner, ReadCost.Linear(readMicros: 20, bytesPerMicro: 1000), TimeProvider.System, number => (reads = number) < 50 ? 1 : 10));
        (await engine.RunAsync(image.Prompt, RandomImage.NewTokens).WaitAsync(FaultyEngine.Hangs)).Tokens.Should().Equal(image.Tokens);
        reads.Should().BeGreaterThan(100, "most of the run is on the slow device");
        engine.LeaseCount.Should().Be(0);
        engine.CacheState.CheckInvariants();
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task Reads_that_always_fail_end_the_generation_and_the_next_one_is_right(ExecutionStrategy strategy)
    {
        bool broken = true;
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (_, _) => Volatile.Read(ref broken) ? new FlashFault.Fail() : null, strategy);
        for (int i = 0; i < 3; i++)
        {
            NeuralinkException error = await ShouldFailAsync(faulty);
            error.Message.Should().Contain("neurons.safetensors").And.Contain("offset").And.Contain("layer 0").And.Contain("3 times");
        }
        Volatile.Write(ref broken, false);
        await faulty.ShouldWorkAsync();
    }

    [Fact]
    public async Task A_place_that_always_fails_ends_every_generation_that_needs_it_at_any_layer()
    {
        int layer = 0;
        for (; layer < 3; layer++)
        {
            long begin = 0, end = 0;
            await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
                image, (_, read) =>
                    read.OffsetBytes >= Volatile.Read(ref begin) && read.OffsetBytes < Volatile.Read(ref end)
                        ? new FlashFault.Fail()
                        : null);
            begin = faulty.Engine.Image.OffsetOf(new(layer), new(0));
            Volatile.Write(ref end, begin + ((long)faulty.Engine.Image.SlotCount * faulty.Engine.Image.StrideBytes));
            (await ShouldFailAsync(faulty)).Message.Should().Contain($"layer {layer}");
            Volatile.Write(ref end, 0);
            await faulty.ShouldWorkAsync();
        }
    }

    [Fact]
    public async Task A_read_that_is_always_short_ends_the_generation()
    {
        bool broken = true;
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (_, _) => Volatile.Read(ref broken) ? new FlashFault.ShortRead(700) : null);
        (await ShouldFailAsync(faulty)).Message.Should().Contain("found ").And.Contain("bytes").And.Contain("3 times");
        Volatile.Write(ref broken, false);
        await faulty.ShouldWorkAsync();
    }

    [Fact]
    public async Task A_bit_that_is_always_flipped_is_named_by_layer_and_slot()
    {
        bool broken = true;
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (_, _) => Volatile.Read(ref broken) ? new FlashFault.FlipBit(0) : null);
        (await ShouldFailAsync(faulty)).Message.Should().MatchRegex("layer 0, slot [0-9]+ with a matching CRC-32C");
        Volatile.Write(ref broken, false);
        await faulty.ShouldWorkAsync();
    }

    [Fact]
    public async Task A_score_fails_and_recovers_as_a_generation_does()
    {
        bool broken = true;
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (_, _) => Volatile.Read(ref broken) ? new FlashFault.Fail() : null);
        await faulty.Engine.Invoking(e => e.ScoreAsync(image.Prompt).WaitAsync(FaultyEngine.Hangs))
            .Should().ThrowAsync<NeuralinkException>();
        faulty.ShouldBeIdle();
        Volatile.Write(ref broken, false);
        (await faulty.Engine.ScoreAsync(image.Prompt)).Tokens.Should().Be(image.Prompt.Length - 1);
    }

    private static async Task<NeuralinkException> ShouldFailAsync(FaultyEngine faulty)
    {
        var thrown = await faulty.Invoking(f => f.RunAsync()).Should().ThrowAsync<NeuralinkException>();
        faulty.ShouldBeIdle();
        return thrown.Which;
    }
}
