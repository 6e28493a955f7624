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
    public void A_sequence_takes_over_the_whole_blocks_of_one_that_begins_alike_and_copies_the_rest()
    {
        int[] text = [.. Enumerable.Range(100, 11)];
        KvSequence first = NewSequence();
        first.Append(11);
        Fill(first, 11, seed: 1);
        first.Offer(text, 11);
        KvSequence beside = NewSequence();
        beside.Attach([.. text, 5, 6]).Should().Be(8, "its last block is not full");
        beside.Blocks.ToArray().Should().Equal(0, 1);
        first.EndKept(text, 11);
        (_pool.FreeCount, _pool.KeptCount).Should().Be((BlockCount - 3, 1));
        KvSequence after = NewSequence();
        after.Attach([.. text[..10], 7, 8]).Should().Be(10);
        after.Blocks.ToArray().Should().Equal(0, 1, 3);
        Half[] expected = KeysAt(2, rows: 2), copied = KeysAt(3, rows: 2);
        copied.Should().Equal(expected);
        beside.Truncate(0);
        after.Truncate(0);
        (_pool.AvailableCount, _pool.KeptCount).Should().Be((BlockCount, 3));
    }

    [Fact]
    public void The_last_token_of_a_text_is_always_run()
    {
        int[] text = [1, 2, 3, 4, 5, 6, 7, 8];
        KvSequence first = NewSequence();
        first.Append(8);
        first.EndKept(text, 8);
        NewSequence().Attach(text).Should().Be(7);
        NewSequence().Attach(text.AsSpan()[..4]).Should().Be(3);
        NewSequence().Attach(text.AsSpan()[..1]).Should().Be(0);
    }

    [Fact]
    public void What_is_kept_goes_when_its_room_is_needed_the_oldest_first_and_never_what_is_in_use()
    {
        KvSequence old = NewSequence(), young = NewSequence();
        old.Append(8);
        young.Append(8);
        old.EndKept([1, 1, 1, 1, 2, 2, 2, 2], 8);
        young.EndKept([1, 1, 1, 1, 3, 3, 3, 3], 8);
        KvSequence user = NewSequence();
        user.Attach([1, 1, 1, 1, 3, 9]).Should().Be(5);
        KvSequence large = NewSequence();
        large.Append((BlockCount - 4) * BlockPositions);
        (_pool.FreeCount, _pool.KeptCount).Should().Be((0, 2));
        large.Append(BlockPositions);
        NewSequence().Attach([1, 1, 1, 1, 2, 2, 2, 2, 9]).Should().Be(4, "the oldest went");
        large.Append(BlockPositions);
        large.Invoking(s => s.Append(1)).Should().Throw<KvPoolExhaustedException>();
        user.Blocks.ToArray().Should().OnlyHaveUniqueItems().And.NotIntersectWith(large.Blocks.ToArray());
    }

    [Fact]
    public void Two_that_compute_the_same_come_to_have_the_same_blocks()
    {
        int[] text = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        KvSequence a = NewSequence(), b = NewSequence();
        a.Append(9);
        b.Append(9);
        a.Offer(text, 9);
        b.Offer(text, 9);
        b.Blocks[..2].ToArray().Should().Equal(a.Blocks[..2].ToArray());
        _pool.FreeCount.Should().Be(BlockCount - 4);
        b.Invoking(s => s.Truncate(6)).Should().Throw<ArgumentOutOfRangeException>("others have that block");
    }

    [Fact]
    public void Whatever_is_shared_a_sequence_finds_the_keys_of_its_own_tokens()
    {
        Random random = new(11);
        List<(KvSequence Sequence, List<int> Tokens)> live = [];
        for (int step = 0; step < 3000; step++)
        {
            if (live.Count < 6 && random.Next(3) == 0)
            {
                int[] tokens = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(2))];
                KvSequence sequence = NewSequence();
                int found = sequence.Attach(tokens);
                live.Add((sequence, [.. tokens[..found]]));
            }
            else if (live.Count > 0)
            {
                int index = random.Next(live.Count);
                (KvSequence sequence, List<int> tokens) = live[index];
                int count = random.Next(1, 6);
                if (random.Next(6) == 0)
                {
                    sequence.EndKept(tokens.ToArray(), tokens.Count);
                    live.RemoveAt(index);
                }
                else if (sequence.BlocksToAppend(count) <= _pool.AvailableCount)
                {
                    sequence.Append(count);
                    for (int i = 0; i < count; i++)
                    {
                        tokens.Add(random.Next(2));
                        Store(sequence, tokens);
                    }
                    sequence.Offer(tokens.ToArray(), tokens.Count);
                }
            }
            foreach ((KvSequence sequence, List<int> tokens) in live)
                Check(sequence, tokens);
        }
        foreach ((KvSequence sequence, _) in live)
            sequence.Truncate(0);
        _pool.AvailableCount.Should().Be(BlockCount);
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

    /// <summary>The last position's key says which tokens it follows.</summary>
    private void Store(KvSequence sequence, List<int> tokens)
    {
        float[] key = new float[_config.KvHeadCount * _config.HeadSize];
        key[0] = MarkOf(tokens, tokens.Count);
        sequence.Store(0, tokens.Count - 1, _config.HeadSize, key, key);
    }

    private void Check(KvSequence sequence, List<int> tokens)
    {
        for (int position = 0; position < tokens.Count; position++)
        {
            int row = (sequence.Blocks[position / BlockPositions] * BlockPositions) + (position % BlockPositions);
            ((float)_pool.Keys(0, 0)[row * _config.HeadSize]).Should().Be(MarkOf(tokens, position + 1));
        }
    }

    private static float MarkOf(List<int> tokens, int count)
    {
        uint hash = 17;
        for (int i = 0; i < count; i++)
            hash = (hash * 31) + (uint)tokens[i] + 1;
        return hash % 2039;
    }

    private void Fill(KvSequence sequence, int positions, int seed)
    {
        Random random = new(seed);
        float[] key = new float[_config.KvHeadCount * _config.HeadSize];
        for (int position = 0; position < positions; position++)
        {
            for (int i = 0; i < key.Length; i++)
                key[i] = random.NextSingle();
            for (int layer = 0; layer < _config.LayerCount; layer++)
                sequence.Store(layer, position, _config.HeadSize, key, key);
        }
    }

    private Half[] KeysAt(int block, int rows)
    {
        List<Half> all = [];
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            for (int head = 0; head < _config.KvHeadCount; head++)
            {
                int at = block * BlockPositions * _config.HeadSize, count = rows * _config.HeadSize;
                all.AddRange(_pool.Keys(layer, head).Slice(at, count));
                all.AddRange(_pool.Values(layer, head).Slice(at, count));
            }
        }
        return [.. all];
    }

    private KvSequence NewSequence() => new(_pool, positionsMax: 1000);
}
