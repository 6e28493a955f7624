using Neuralink.Pipeline.Prediction;

namespace Neuralink.Pipeline.Tests.Prediction;

/// <summary>Passes of given times go through a trial; what it makes of them follows from the times alone.</summary>
public sealed class LookaheadTrialTests
{
    private const int Wanted = 100;

    private readonly LookaheadTrial _trial = new();

    [Fact]
    public void It_looks_ahead_at_first_and_goes_on_where_that_is_quicker()
    {
        int ahead = Run(passes: 400, precision: 0.9, _ => 80, _ => 100);
        ahead.Should().BeGreaterThan(370, "the other way is tried less and less often").And.BeLessThan(400, "but it is");
        _trial.LooksAhead.Should().BeTrue();
    }

    [Fact]
    public void It_gives_up_where_tokens_are_quicker_without_however_often_lookahead_is_right()
    {
        Run(passes: 60, precision: 1, _ => 130, _ => 100);
        _trial.LooksAhead.Should().BeFalse();
        int ahead = Run(passes: 600, precision: 1, _ => 130, _ => 100);
        ahead.Should().BeInRange(1, 40);
    }

    [Fact]
    public void What_is_mostly_read_in_vain_is_given_up_at_once_and_taken_up_where_it_proves_quicker()
    {
        Run(passes: 4, precision: 0.4, _ => 100, _ => 100);
        _trial.LooksAhead.Should().BeFalse("reads in vain have lost on every machine");
        Run(passes: 80, precision: 0.4, _ => 80, _ => 100);
        _trial.LooksAhead.Should().BeTrue("here they win");
    }

    [Fact]
    public void Where_nothing_has_to_be_read_it_goes_on_without()
    {
        for (int pass = 0; pass < 8; pass++)
        {
            _trial.Begin(rows: 1);
            _trial.End(new PassCost(1, Wanted, ReadAhead: 0, ReadInVain: 0, Micros: 100));
        }
        _trial.LooksAhead.Should().BeFalse();
    }

    [Fact]
    public void A_difference_that_chance_explains_changes_nothing()
    {
        // Times vary by a third of themselves from pass to pass, the same with and without.
        int ahead = Run(passes: 1000, precision: 0.9, i => 100 + (30 * (i * 7 % 3)), i => 100 + (30 * (i * 7 % 3)));
        ahead.Should().BeGreaterThan(930);
    }

    [Fact]
    public void A_device_that_slows_down_bit_by_bit_is_not_lookaheads_fault()
    {
        int ahead = Run(passes: 300, precision: 0.9, i => 90 * Math.Pow(1.02, i), i => 100 * Math.Pow(1.02, i));
        ahead.Should().BeGreaterThan(270);
    }

    [Fact]
    public void Passes_of_other_sizes_are_not_compared()
    {
        for (int pass = 0; pass < 400; pass++)
        {
            int rows = 1 + (pass % 2);
            _trial.Begin(rows).Should().BeTrue("two passes that follow each other have never the same rows");
            _trial.End(new PassCost(rows, Wanted, ReadAhead: 50, ReadInVain: 0, Micros: 100));
        }
    }

    /// <summary>Passes of one row; their time by their number, with lookahead and without.</summary>
    /// <returns>How many looked ahead.</returns>
    private int Run(int passes, double precision, Func<int, double> ahead, Func<int, double> without)
    {
        int count = 0;
        for (int pass = 0; pass < passes; pass++)
        {
            bool looksAhead = _trial.Begin(rows: 1);
            count += looksAhead ? 1 : 0;
            int read = looksAhead ? 50 : 0;
            _trial.End(new PassCost(1, Wanted, read, (int)(read * (1 - precision)), looksAhead ? ahead(pass) : without(pass)));
        }
        return count;
    }
}
