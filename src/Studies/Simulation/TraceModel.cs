using System.Numerics;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Traces;

namespace Neuralink.Studies.Simulation;

/// <summary>What computing takes, in ticks of the virtual clock; of a layer unless said otherwise.</summary>
internal readonly record struct ComputeTicks
{
    public long Attention { get; init; }

    public long Predictor { get; init; }

    public long Lookahead { get; init; }

    /// <summary>Gate and up rows of one neuron.</summary>
    public double ActivateNeuron { get; init; }

    /// <summary>The down column of one neuron.</summary>
    public double DownNeuron { get; init; }

    /// <summary>The logits of a token.</summary>
    public long Logits { get; init; }

    /// <summary>Processors that share what reads cost them.</summary>
    public int Processors { get; init; }
}

/// <summary>Where the computing thread's time went, in ticks.</summary>
internal readonly record struct SpentTicks
{
    public long Attention { get; init; }

    public long Predictor { get; init; }

    public long Lookahead { get; init; }

    public long Activate { get; init; }

    public long Down { get; init; }

    public long Logits { get; init; }

    /// <summary>With nothing to do but wait for flash.</summary>
    public long Wait { get; init; }

    /// <summary>All but waits.</summary>
    public long Working => Attention + Predictor + Lookahead + Activate + Down + Logits;

    public static SpentTicks operator +(SpentTicks a, SpentTicks b) => Combine(a, b, sign: 1);

    public static SpentTicks operator -(SpentTicks a, SpentTicks b) => Combine(a, b, sign: -1);

    private static SpentTicks Combine(SpentTicks a, SpentTicks b, int sign) => new()
    {
        Attention = a.Attention + (sign * b.Attention),
        Predictor = a.Predictor + (sign * b.Predictor),
        Lookahead = a.Lookahead + (sign * b.Lookahead),
        Activate = a.Activate + (sign * b.Activate),
        Down = a.Down + (sign * b.Down),
        Logits = a.Logits + (sign * b.Logits),
        Wait = a.Wait + (sign * b.Wait),
    };
}

/// <summary>Names neurons of a layer for a pass, in any order.</summary>
/// <param name="rows">The pass's rows of the trace.</param>
/// <param name="layer">The layer.</param>
/// <param name="marks">A bit for each neuron, as in a <see cref="ActivationMatrix"/>; to be set.</param>
internal delegate void NameNeurons(Range rows, LayerIndex layer, Span<ulong> marks);

/// <summary>
/// Plays an activation trace, pass by pass: of a pass of several rows, a layer needs the union. How long work takes is given. Processor
/// time of reads delays what is computed meanwhile, and costs nothing while Compute waits.
/// </summary>
internal sealed class TraceModel : ISimulatedModel
{
    private readonly IReadOnlyList<ActivationMatrix> _layers;
    private readonly ComputeTicks _ticks;
    private readonly ModelledDevice _device;
    private readonly LayerCounters _counts;
    private readonly NameNeurons? _predictedToo;
    private readonly NameNeurons? _lookedAhead;
    private readonly NameNeurons? _lookedAgain;
    private readonly ulong[] _marks;
    private long _waitingSince;
    private long _delay;        // processor time of reads, for which what is computed next takes longer

    /// <param name="layers">The trace of each layer.</param>
    /// <param name="ticks">What computing takes.</param>
    /// <param name="device">Whose reads take processor time.</param>
    /// <param name="counts">Has the waits.</param>
    /// <param name="predictedToo">Names what an approximate predictor predicts beyond what is active; null where it is exact.</param>
    /// <param name="lookedAhead">Names what lookahead takes for active.</param>
    /// <param name="lookedAgain">Names what the second look, when the layer is reached, takes for active.</param>
    public TraceModel(
        IReadOnlyList<ActivationMatrix> layers, ComputeTicks ticks, ModelledDevice device, LayerCounters counts, NameNeurons? predictedToo,
        NameNeurons? lookedAhead, NameNeurons? lookedAgain)
    {
        (_layers, _ticks, _device, _counts) = (layers, ticks, device, counts);
        (_predictedToo, _lookedAhead, _lookedAgain) = (predictedToo, lookedAhead, lookedAgain);
        _marks = new ulong[layers[0].WordsPerToken];
    }

    /// <summary>The rows of the next pass.</summary>
    public Range Rows { get; set; }

    /// <summary>Where the time went so far.</summary>
    public SpentTicks Spent { get; private set; }

    public long Embed() => 0;

    public long Attend(LayerIndex layer) => Spend(new SpentTicks { Attention = _ticks.Attention });

    public long Predict(LayerIndex layer, NeuronSet active)
    {
        MarkActive(layer);
        _predictedToo?.Invoke(Rows, layer, _marks);
        TakeMarks(active);
        return Spend(new SpentTicks { Predictor = _ticks.Predictor });
    }

    public long LookAhead(LayerIndex target, LookaheadRank rank, NeuronSet named)
    {
        NameNeurons look = (rank == LookaheadRank.Own ? _lookedAgain : _lookedAhead)
            ?? throw new InvalidOperationException("Nobody looks ahead.");
        look(Rows, target, _marks);
        if (rank == LookaheadRank.Earlier)
            _counts.Add(target, Counter.LookaheadTokens, Rows.End.Value - Rows.Start.Value);
        TakeMarks(named);
        return Spend(new SpentTicks { Lookahead = _ticks.Lookahead });
    }

    public long Activate(LayerIndex layer, FrameLease lease, ReadOnlyMemory<int> ordinals) =>
        Spend(new SpentTicks { Activate = (long)(ordinals.Length * _ticks.ActivateNeuron) });

    public long AddDown(LayerIndex layer, FrameLease lease) => Spend(new SpentTicks { Down = (long)(lease.Count * _ticks.DownNeuron) });

    public void BeginWait(LayerIndex layer, long now) => _waitingSince = now;

    public void EndWait(LayerIndex layer, long now)
    {
        // What reads took of the processors while Compute waited delayed nothing.
        _delay += _device.TakeProcessorTicks(before: _waitingSince);
        Spent += new SpentTicks { Wait = now - _waitingSince };
        _counts.Add(layer, Counter.WaitTicks, now - _waitingSince);
    }

    public void LeaveLayer(LayerIndex layer)
    {
    }

    public long Finish() => Spend(new SpentTicks { Logits = _ticks.Logits });

    private long Spend(SpentTicks work)
    {
        Spent += work;
        long delay = _delay + _device.TakeProcessorTicks();
        _delay = 0;
        return work.Working + (delay / Math.Max(1, _ticks.Processors));
    }

    private void MarkActive(LayerIndex layer)
    {
        (int first, int count) = Rows.GetOffsetAndLength(_layers[layer.Value].TokenCount);
        for (int row = first; row < first + count; row++)
        {
            ReadOnlySpan<ulong> words = _layers[layer.Value].Token(row);
            for (int word = 0; word < words.Length; word++)
                _marks[word] |= words[word];
        }
    }

    /// <summary>Moves the marks into a set.</summary>
    private void TakeMarks(NeuronSet set)
    {
        for (int word = 0; word < _marks.Length; word++)
        {
            for (ulong bits = _marks[word]; bits != 0; bits &= bits - 1)
                set.Add(new NeuronId((word * 64) + BitOperations.TrailingZeroCount(bits)));
            _marks[word] = 0;
        }
    }
}
