using Neuralink.Pipeline.Metrics;
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

    /// <summary>Whether to read what is named of <paramref name="layer"/>.</summary>
    public bool IsTrusted(LayerIndex layer) => gate.IsTrusted(layer);

    /// <summary>Lookahead names a neuron.</summary>
    /// <param name="layer">Its layer.</param>
    /// <param name="key">The neuron.</param>
    /// <param name="isMissing">Whether it would have to be read.</param>
    public void Name(LayerIndex layer, NeuronKey key, bool isMissing)
    {
        _namings[key.Value] = new Naming(_pass, isMissing);
        counts.Add(layer, Counter.LookaheadNamed);
        if (isMissing)
            gate.Named(layer, 1);
    }

    /// <summary>The layer wants a neuron.</summary>
    public void Want(LayerIndex layer, NeuronKey key)
    {
        Naming naming = _namings[key.Value];
        if (naming.Pass != _pass)
            return;
        counts.Add(layer, Counter.LookaheadHits);
        if (naming.WasMissing)
            gate.Right(layer, 1);
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

    /// <summary>The last time that a neuron was named.</summary>
    private readonly record struct Naming(int Pass, bool WasMissing);
}
