using Neuralink.Pipeline.Metrics;

namespace Neuralink.Pipeline.Prediction;

/// <summary>
/// Decides from pass to pass whether to look ahead, by what that brings: what lookahead is worth depends on how often it is right, on how
/// long the device takes and on who else wants the processors, and no figure of a model says all of that. So one pass in some is run the
/// other way, and compared with the passes just before and after it: a device whose speed drifts is the same for all three. Times are
/// divided by the neurons that a pass wanted. The way changes when the other one is quicker beyond what chance explains.
/// <para>
/// It begins with looking ahead. Where most of what the first tokens read ahead was in vain, or nothing had to be read, it goes on without
/// until passes prove otherwise. Where three in four were right, it goes on with it; between the two passes are compared more often. Each
/// round of comparisons that changes nothing doubles the passes between two of them, so that in the end they cost next to nothing.
/// </para>
/// <para>
/// Only passes of equally many rows are compared. It has no clock of its own, so that a simulation can drive it.
/// </para>
/// </summary>
internal sealed class LookaheadTrial
{
    // Of the passes that look ahead at first: the first ones fill the cache and compile code.
    private const int PassesFirst = 3;

    // Below this share of what was read ahead, reading ahead has lost on every machine; from this other one on it has lost nowhere
    // (docs/experiments/overlap.md).
    private const double PrecisionMin = 0.5, PrecisionSure = 0.75;

    // Passes from one that is run the other way to the next: a quarter, an eighth and in the end a 64th of what the worse way costs.
    private const int IntervalUnsure = 4, Interval = 8, IntervalMax = 64;

    // Comparisons of a round, and how many must be made before one way is given up.
    private const int RoundComparisons = 8, ComparisonsMin = 5;

    // Older comparisons fade: about ten count.
    private const double Kept = 0.9;

    // Comparisons differ by a tenth even on a quiet machine, whatever five of them say.
    private const double DeviationMin = 0.1;

    // Standard errors by which the other way must be quicker.
    private const double ErrorsMin = 2;

    // A pass that something else held up says nothing beyond "slower".
    private const double LogRatioMax = 0.7;

    private bool _isAhead = true;      // the way of most passes
    private bool _isOther;             // the pass that runs goes the other way
    private int _rows;                 // of the last pass
    private int _firstLeft = PassesFirst;
    private int _interval = IntervalUnsure;
    private int _untilOther;
    private long _readAhead, _inVain;
    private double? _before, _other;   // log of the time a neuron, of the pass before the one that went the other way, and of that one
    private int _roundLeft = RoundComparisons;
    private double _count, _sum, _squares;      // of comparisons, fading: log of the other way's time over this one's
    private int _comparisons;

    /// <summary>Whether most passes look ahead.</summary>
    public bool LooksAhead => _isAhead;

    /// <summary>Whether a pass that begins looks ahead.</summary>
    /// <param name="rows">Its rows.</param>
    public bool Begin(int rows)
    {
        if (rows != _rows)
            (_rows, _before, _other) = (rows, null, null);
        _isOther = _firstLeft == 0 && _before is not null && _other is null && _untilOther <= 0;
        return _isAhead != _isOther;
    }

    /// <summary>The pass that began last has ended well.</summary>
    /// <param name="pass">What it took.</param>
    public void End(PassCost pass)
    {
        if (pass.Wanted == 0 || pass.Micros <= 0)
            return;
        if (_firstLeft > 0)
        {
            EndFirst(pass);
            return;
        }
        double time = Math.Log(pass.Micros / pass.Wanted);
        if (_isOther)
        {
            (_other, _untilOther) = (time, _interval - 1);
            return;
        }
        _untilOther--;
        if (_other is { } other && _before is { } before)
            Compare(other - ((before + time) / 2));
        (_before, _other) = (time, null);
    }

    private void EndFirst(PassCost pass)
    {
        if (pass.Rows > 1)
            return;      // what many rows want, lookahead names easily
        _readAhead += pass.ReadAhead;
        _inVain += pass.ReadInVain;
        if (--_firstLeft > 0)
            return;
        double precision = _readAhead == 0 ? 0 : 1 - ((double)_inVain / _readAhead);
        _isAhead = precision >= PrecisionMin;
        _interval = precision is >= PrecisionMin and < PrecisionSure ? IntervalUnsure : Interval;
        _untilOther = _interval / 2;
    }

    private void Compare(double logRatio)
    {
        double value = Math.Clamp(logRatio, -LogRatioMax, LogRatioMax);
        (_count, _sum, _squares) = ((_count * Kept) + 1, (_sum * Kept) + value, (_squares * Kept) + (value * value));
        double mean = _sum / _count;
        double deviation = Math.Max(DeviationMin, Math.Sqrt(Math.Max(0, (_squares / _count) - (mean * mean))));
        if (++_comparisons >= ComparisonsMin && mean < -ErrorsMin * deviation / Math.Sqrt(_count))
        {
            _isAhead = !_isAhead;
            (_count, _sum, _squares, _comparisons) = (0, 0, 0, 0);
            (_interval, _roundLeft) = (Interval, RoundComparisons);
        }
        else if (--_roundLeft == 0)
        {
            (_interval, _roundLeft) = (Math.Min(2 * _interval, IntervalMax), RoundComparisons);
        }
    }
}

/// <summary>What a pass took.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Wanted">Neurons that its layers wanted.</param>
/// <param name="ReadAhead">Neurons that were read ahead.</param>
/// <param name="ReadInVain">Of these, those that were not wanted.</param>
/// <param name="Micros">From its beginning to its end.</param>
internal readonly record struct PassCost(int Rows, long Wanted, long ReadAhead, long ReadInVain, double Micros)
{
    /// <summary>A pass by what was counted from <paramref name="before"/> to <paramref name="now"/>.</summary>
    public static PassCost Of(int rows, LayerCounters now, LayerCounters before, double micros)
    {
        return new PassCost(rows, Since(Counter.Wanted), Since(Counter.Prefetched), Since(Counter.PrefetchWasted), micros);

        long Since(Counter counter) => now[counter] - before[counter];
    }
}
