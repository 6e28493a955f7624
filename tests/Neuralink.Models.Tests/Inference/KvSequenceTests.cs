using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Storage.Memory;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Inference;

public sealed class KvSequenceTests : IDisposable
{
    private const int BlockPositions = 4;
    private const int BlockCount = 70;       // more than a word of the free list

    private readonly NativeArena _arena = new(1 << 24);
    private readonly ModelConfig _config;
    private readonly KvBlockPool _pool;

    public KvSequenceTests()
    {
        using RandomModel model = new(RandomModels.ByName("mistral-relu"));
        _config = HuggingFaceConfig.Read(model.Folder);
        _pool = new KvBlockPool(_arena, _config, BlockCount, BlockPositions);
    }

    public void Dispose() => _arena.Dispose();

    [Fact]
    public void A_sequence_takes_a_block_where_its_last_is_full_and_neighbours_where_it_can()
    {
        KvSequence sequence = NewSequence();
        sequence.Blocks.ToArray().Should().BeEmpty();
        sequence.Append(4);
        sequence.Blocks.ToArray().Should().Equal(0);
        sequence.BlocksToAppend(1).Should().Be(1);
        sequence.Append(1);
        sequence.BlocksToAppend(3).Should().Be(0);
        sequence.Append(3);
        sequence.Append(9);
        sequence.Blocks.ToArray().Should().Equal(0, 1, 2, 3, 4);
        sequence.Length.Should().Be(17);
        _pool.FreeCount.Should().Be(BlockCount - 5);
    }

    [Fact]
    public void What_a_sequence_gives_back_another_takes()
    {
        KvSequence a = NewSequence(), b = NewSequence();
        a.Append(8);
        b.Append(8);
        a.Truncate(3);
        b.Append(4);
        b.Blocks.ToArray().Should().Equal(2, 3, 1);
        a.Append(6);
        a.Blocks.ToArray().Should().Equal(0, 4, 5);
        a.Truncate(0);
        b.Truncate(0);
        _pool.FreeCount.Should().Be(BlockCount);
    }

    [Fact]
    public void An_exhausted_pool_is_a_typed_error_that_changes_nothing()
    {
        KvSequence large = NewSequence(), other = NewSequence();
        large.Append((BlockCount - 2) * BlockPositions);
        other.Append(3);
        KvPoolExhaustedException error = other.Invoking(s => s.Append(6)).Should().Throw<KvPoolExhaustedException>().Which;
        (error.NeededBlocks, error.FreeBlocks).Should().Be((2, 1));
        error.Message.Should().Contain("9 tokens").And.Contain("2 free KV blocks of 4 tokens").And.Contain("1 of 70");
        (other.Length, other.Blocks.Length, _pool.FreeCount).Should().Be((3, 1, 1));
        other.Append(5);
        _pool.FreeCount.Should().Be(0);
        large.Truncate(0);
        other.Append(6);
    }

    [Fact]
    public void A_sequence_stays_within_its_most_positions_and_goes_back_only()
    {
        KvSequence sequence = new(_pool, positionsMax: 10);
        sequence.Append(7);
        sequence.Invoking(s => s.Append(4)).Should().Throw<ArgumentOutOfRangeException>();
        sequence.Invoking(s => s.Append(-1)).Should().Throw<ArgumentOutOfRangeException>();
        sequence.Invoking(s => s.Truncate(8)).Should().Throw<ArgumentOutOfRangeException>();
        sequence.Invoking(s => s.Truncate(-1)).Should().Throw<ArgumentOutOfRangeException>();
        sequence.Append(3);
        (sequence.Length, sequence.Blocks.Length).Should().Be((10, 3));
    }

    [Fact]
    public void A_block_that_is_returned_twice_is_a_bug()
    {
        int block = _pool.Take();
        _pool.Return(block);
        _pool.Invoking(p => p.Return(block)).Should().Throw<InvalidOperationException>().WithMessage("*block 0*");
        _pool.FreeCount.Should().Be(BlockCount);
    }

    [Fact]
    public void Blocks_are_never_two_sequences_and_none_is_lost()
    {
        Random random = new(3);
        KvSequence[] sequences = [.. Enumerable.Range(0, 6).Select(_ => NewSequence())];
        for (int step = 0; step < 2000; step++)
        {
            KvSequence sequence = sequences[random.Next(sequences.Length)];
            int count = random.Next(20);
            if (random.Next(3) == 0)
                sequence.Truncate(random.Next(sequence.Length + 1));
            else if (sequence.BlocksToAppend(count) <= _pool.FreeCount)
                sequence.Append(count);
            else
                sequence.Invoking(s => s.Append(count)).Should().Throw<KvPoolExhaustedException>();
            int[] taken = [.. sequences.SelectMany(s => s.Blocks.ToArray())];
            taken.Should().OnlyHaveUniqueItems().And.OnlyContain(block => block >= 0 && block < BlockCount);
            taken.Length.Should().Be(BlockCount - _pool.FreeCount);
            foreach (KvSequence s in sequences)
                s.Blocks.Length.Should().Be(KvBlockPool.BlocksFor(s.Length, BlockPositions));
        }
    }

    [Fact]
    public void Growing_and_going_back_allocate_nothing()
    {
        KvSequence sequence = NewSequence();
        sequence.Append(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        sequence.Append(200);
        sequence.Truncate(9);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    [Fact]
    public void The_pool_takes_the_bytes_it_says()
    {
        long before = _arena.UsedBytes;
        _ = new KvBlockPool(_arena, _config, blockCount: 7);
        (_arena.UsedBytes - before).Should().Be(KvBlockPool.RequiredBytes(_config, 7));
        KvBlockPool.RequiredBytes(_config, 7).Should().Be(7L * 32 * _config.LayerCount * _config.KvHeadCount * _config.HeadSize * 2 * 2);
        foreach ((int positions, int blocks) in (ReadOnlySpan<(int, int)>)[(0, 0), (1, 1), (32, 1), (33, 2), (int.MaxValue, 67108864)])
            KvBlockPool.BlocksFor(positions).Should().Be(blocks);
    }

    private KvSequence NewSequence() => new(_pool, positionsMax: 1000);
}
