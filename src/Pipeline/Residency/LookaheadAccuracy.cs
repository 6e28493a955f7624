using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Residency;

/// <summary>
/// Which neurons lookahead named in the current pass, and how often it was right: counts its hits, and tells the gate of those that would
/// have had to be read.
/// </summary>
/// <param name="keys">The model's neurons.</param>
/// <param name="gate">Learns of each layer.</param>
/// <param name="counts">Has the counters of the Cache.</param>
internal sealed class LookaheadAccuracy(NeuronKeys keys, LookaheadGate gate, LayerCounters counts)
{
    private readonly Naming[] _namings = new Naming[keys.Count];
    private int _pass = 1;      // nothing was named in pass 0
    private int _lastNamed;     // the last pass in which anything was

    /// <summary>Whether to read what is named of <paramref name="layer"/>.</summary>
    public bool IsTrusted(LayerIndex layer, LookaheadRank rank) => gate.IsTrusted(layer, rank);

    /// <summary>Lookahead names a neuron; of each rank once at most.</summary>
    /// <param name="layer">Its layer.</param>
    /// <param name="key">The neuron.</param>
    /// <param name="rank">By what it is named.</param>
    /// <param name="isMissing">Whether it would have to be read.</param>
    public void Name(LayerIndex layer, NeuronKey key, LookaheadRank rank, bool isMissing)
    {
        ref Naming naming = ref _namings[key.Value];
        if (naming.Pass != _pass)
        {
            naming = new Naming(_pass, MissingRanks: 0);
            _lastNamed = _pass;
            counts.Add(layer, Counter.LookaheadNamed);
        }
        if (!isMissing)
            return;
        naming = naming with { MissingRanks = (byte)(naming.MissingRanks | BitOf(rank)) };
        gate.Named(layer, rank);
    }

    /// <summary>
    /// A layer is reached; see <see cref="LookaheadGate.Reached"/>. In a pass that does not look ahead an idle device proves nothing.
    /// </summary>
    public void Reach(LayerIndex layer, bool isBusy)
    {
        if (_lastNamed == _pass)
            gate.Reached(layer, isBusy);
    }

    /// <summary>The layer wants a neuron.</summary>
    public void Want(LayerIndex layer, NeuronKey key)
    {
        if (_lastNamed != _pass)
            return;
        Naming naming = _namings[key.Value];
        if (naming.Pass != _pass)
            return;
        counts.Add(layer, Counter.LookaheadHits);
        for (LookaheadRank rank = LookaheadRank.Earlier; naming.MissingRanks >= BitOf(rank); rank++)
        {
            if ((naming.MissingRanks & BitOf(rank)) != 0)
                gate.Right(layer, rank);
        }
    }

    /// <summary>The layer is through.</summary>
    public void EndLayer(LayerIndex layer) => gate.EndLayer(layer);

    /// <summary>The pass is through all layers.</summary>
    public void EndPass() => _pass++;

    /// <summary>The pass was dropped: what was named in it proves nothing.</summary>
    public void DropPass()
    {
        _pass++;
        gate.Forget();
    }

    private static int BitOf(LookaheadRank rank) => 1 << (int)rank;

    /// <summary>The last time that a neuron was named.</summary>
    /// <param name="Pass">When.</param>
    /// <param name="MissingRanks">A bit for each rank that named it while it was missing.</param>
    private readonly record struct Naming(int Pass, byte MissingRanks);
}
