using Neuralink.Pipeline.Scheduling;

namespace Neuralink.Pipeline.Tests.Scheduling;

public sealed class SchedulerTests
{
    [Fact]
    public void A_prompt_is_run_in_chunks_and_then_token_by_token()
    {
        Bench bench = new(rowsMax: 8, runningMax: 2, blockCount: 100);
        bench.Add(1, prompt: 20, newTokens: 3);
        bench.RowsOfOne().Should().Equal(8, 8, 4, 1, 1);
    }

    [Fact]
    public void Texts_that_are_continued_have_a_row_in_each_pass_beside_a_prompt()
    {
        Bench bench = new(rowsMax: 8, runningMax: 4, blockCount: 100);
        bench.Add(1, prompt: 1, newTokens: 9);
        bench.Add(2, prompt: 1, newTokens: 9);
        bench.Step();
        bench.Add(3, prompt: 15, newTokens: 2);
        bench.Step().Should().Equal((1, 1), (2, 1), (3, 6));
        bench.Step().Should().Equal((1, 1), (2, 1), (3, 6));
        bench.Step().Should().Equal((1, 1), (2, 1), (3, 3));
        bench.Step().Should().Equal((1, 1), (2, 1), (3, 1));
    }

    [Fact]
    public void Prompts_take_turns()
    {
        Bench bench = new(rowsMax: 8, runningMax: 4, blockCount: 100);
        bench.Add(1, prompt: 24, newTokens: 1);
        bench.Step().Should().Equal((1, 8));
        bench.Add(2, prompt: 11, newTokens: 1);
        bench.Step().Should().Equal([(2, 8)], "the first has had its turn");
        bench.Step().Should().Equal((1, 8));
        bench.Step().Should().Equal((2, 3), (1, 5));
        bench.Step().Should().Equal((1, 3));
    }

    [Fact]
    public void No_more_run_than_may_and_the_next_comes_when_one_is_over()
    {
        Bench bench = new(rowsMax: 8, runningMax: 2, blockCount: 100);
        bench.Add(1, 1, 2);
        bench.Add(2, 1, 9);
        bench.Add(3, 1, 9);
        bench.Step().Should().Equal((1, 1), (2, 1));
        (bench.Scheduler.RunningCount, bench.Scheduler.WaitingCount).Should().Be((2, 1));
        bench.Step().Should().Equal((1, 1), (2, 1));
        bench.Step().Should().BeEquivalentTo([(2L, 1), (3L, 1)]);
    }

    [Fact]
    public void A_paused_text_has_no_rows_and_takes_no_place()
    {
        Bench bench = new(rowsMax: 8, runningMax: 1, blockCount: 100);
        bench.Add(1, 1, 9);
        bench.Add(2, 1, 9);
        bench.Step().Should().Equal((1, 1));
        bench.Scheduler.SetPaused(new SequenceId(1), true);
        bench.Step().Should().Equal((2, 1));
        bench.Scheduler.PausedCount.Should().Be(1);
        bench.Scheduler.SetPaused(new SequenceId(1), false);
        bench.Step().Should().BeEquivalentTo([(1L, 1), (2L, 1)]);
        bench.Scheduler.SetPaused(new SequenceId(1), true);
        bench.Scheduler.SetPaused(new SequenceId(2), true);
        bench.Step().Should().BeEmpty();
    }

    [Fact]
    public void Who_came_last_gives_its_blocks_up_and_is_run_again()
    {
        // Blocks of 4: each text comes to 12 tokens, 3 blocks.
        Bench bench = new(rowsMax: 8, runningMax: 2, blockCount: 4);
        bench.Add(1, prompt: 4, newTokens: 9);
        bench.Add(2, prompt: 3, newTokens: 9);
        bench.RunAll();
        bench.Released.Should().Contain(2).And.NotContain(1, "who came first runs on");
        bench.Lengths.Should().BeEquivalentTo(new Dictionary<long, int> { [1] = 13, [2] = 12 });
    }

    [Fact]
    public void A_paused_text_gives_its_blocks_up_before_a_later_one()
    {
        Bench bench = new(rowsMax: 8, runningMax: 2, blockCount: 4);
        bench.Add(1, prompt: 6, newTokens: 3);
        bench.Step();
        bench.Scheduler.SetPaused(new SequenceId(1), true);
        bench.Add(2, prompt: 7, newTokens: 8);
        bench.RunAll();
        bench.Released.Should().Equal(1);
        bench.Lengths[2].Should().Be(15);
        bench.Scheduler.SetPaused(new SequenceId(1), false);
        bench.RunAll();
        bench.Lengths[1].Should().Be(9);
    }

    [Fact]
    public void A_text_waits_until_there_are_blocks_for_its_prompt()
    {
        Bench bench = new(rowsMax: 8, runningMax: 4, blockCount: 4);
        bench.Add(1, prompt: 6, newTokens: 2);
        bench.Add(2, prompt: 12, newTokens: 2);
        bench.Step().Should().Equal((1, 6));
        bench.Step().Should().Equal((1, 1));
        bench.Step().Should().Equal((2, 8));
    }

    [Fact]
    public void What_is_kept_of_a_beginning_needs_no_rows()
    {
        Bench bench = new(rowsMax: 8, runningMax: 4, blockCount: 10) { Kept = 8 };
        bench.Add(1, prompt: 11, newTokens: 1);
        bench.RowsOfOne().Should().Equal(3);
    }

    [Fact]
    public void After_a_pass_that_failed_each_is_run_alone_once()
    {
        Bench bench = new(rowsMax: 8, runningMax: 3, blockCount: 100);
        bench.Add(1, 1, 9);
        bench.Add(2, 1, 9);
        bench.Add(3, 9, 9);
        PassShare[] failed = [.. bench.Scheduler.Next()];
        failed.Select(share => share.Id.Value).Should().Equal(1, 2, 3);
        bench.Scheduler.RunAlone(failed);
        bench.Scheduler.Remove(new SequenceId(2));
        bench.Step().Should().Equal((1, 1));
        bench.Step().Should().Equal((3, 8));
        bench.Step().Should().BeEquivalentTo([(1L, 1), (3L, 1)]);
    }

    [Fact]
    public void Any_traffic_comes_to_its_end_within_the_blocks()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            int rowsMax = random.Next(1, 12);
            Bench bench = new(rowsMax, random.Next(1, rowsMax + 1), blockCount: random.Next(6, 20));
            Dictionary<long, int> expected = [];
            for (long id = 1; id <= 12; id++)
            {
                int prompt = random.Next(1, 15), newTokens = random.Next(1, 9);
                bench.Add(id, prompt, newTokens);
                expected[id] = prompt + newTokens;
                for (int step = random.Next(6); step > 0; step--)
                {
                    long some = random.NextInt64(1, id + 1);
                    bench.Scheduler.SetPaused(new SequenceId(some), random.Next(2) == 0);
                    bench.Step();
                }
            }
            for (long id = 1; id <= 12; id++)
                bench.Scheduler.SetPaused(new SequenceId(id), false);
            bench.RunAll();
            bench.Lengths.Should().BeEquivalentTo(expected);
            bench.Available.Should().Be(bench.BlockCount);
            (bench.Scheduler.RunningCount, bench.Scheduler.WaitingCount, bench.Scheduler.PausedCount).Should().Be((0, 0, 0));
        }
    }

    /// <summary>Runs what the scheduler says, over blocks of four positions that are only counted.</summary>
    private sealed class Bench : ISequenceBlocks
    {
        private const int BlockPositions = 4;

        private readonly int _rowsMax;
        private readonly Dictionary<long, int> _targets = [];
        private readonly Dictionary<long, int> _held = [];
        private readonly Dictionary<long, int> _done = [];

        public Bench(int rowsMax, int runningMax, int blockCount)
        {
            _rowsMax = rowsMax;
            BlockCount = Available = blockCount;
            Scheduler = new Scheduler(new SchedulerLimits(rowsMax, runningMax), this);
        }

        public Scheduler Scheduler { get; }

        public int BlockCount { get; }

        public int Available { get; private set; }

        /// <summary>Positions that a new text finds.</summary>
        public int Kept { get; init; }

        /// <summary>Texts that gave their blocks up before they were over.</summary>
        public List<long> Released { get; } = [];

        /// <summary>Tokens of each text.</summary>
        public Dictionary<long, int> Lengths { get; } = [];

        int ISequenceBlocks.AvailableCount => Available;

        public void Add(long id, int prompt, int newTokens)
        {
            _targets[id] = prompt + newTokens;
            Lengths[id] = prompt;
            _held[id] = 0;
            Scheduler.Add(new SequenceId(id), prompt);
        }

        /// <summary>One pass.</summary>
        public List<(long Id, int Rows)> Step()
        {
            PassShare[] shares = [.. Scheduler.Next()];
            shares.Sum(share => share.Rows).Should().BeLessThanOrEqualTo(_rowsMax);
            shares.Should().OnlyHaveUniqueItems(share => share.Id);
            foreach ((SequenceId id, int rows) in shares)
            {
                int wanted = CountFor(id, _done[id.Value] + rows);
                Available -= wanted;
                Available.Should().BeGreaterThanOrEqualTo(0, "a pass finds the blocks it takes");
                _held[id.Value] += wanted;
                _done[id.Value] += rows;
                if (_done[id.Value] == Lengths[id.Value])
                    Lengths[id.Value]++;
                if (Lengths[id.Value] == _targets[id.Value])
                    Scheduler.Remove(id);
                else
                    Scheduler.Advance(new PassShare(id, rows), Lengths[id.Value]);
            }
            return [.. shares.Select(share => (share.Id.Value, share.Rows))];
        }

        public void RunAll()
        {
            for (int steps = 0; Step().Count > 0; steps++)
                steps.Should().BeLessThan(10_000);
        }

        /// <summary>The rows of each pass that is left, where there is one text.</summary>
        public List<int> RowsOfOne()
        {
            List<int> passes = [];
            while (Step() is [(_, int rows)])
                passes.Add(rows);
            return passes;
        }

        public int CountFor(SequenceId id, int positions) =>
            Math.Max(0, ((positions + BlockPositions - 1) / BlockPositions) - _held[id.Value]);

        int ISequenceBlocks.Attach(SequenceId id)
        {
            int kept = Math.Min(Kept, Lengths[id.Value] - 1);
            _held[id.Value] = CountFor(id, kept);
            Available -= _held[id.Value];
            return _done[id.Value] = kept;
        }

        void ISequenceBlocks.Release(SequenceId id)
        {
            if (Lengths[id.Value] < _targets[id.Value])
                Released.Add(id.Value);
            Available += _held[id.Value];
            _held[id.Value] = 0;
        }
    }
}
