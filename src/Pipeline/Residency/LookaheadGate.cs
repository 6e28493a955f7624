using Neuralink.Placement;

namespace Neuralink.Pipeline.Residency;

/// <summary>
/// Decides, layer by layer, whether what lookahead names is read ahead. A layer passes the gate while enough of the missing neurons
/// that were named turned out to be wanted: the others cost the device reads that a layer waits behind. Only missing neurons count,
/// because cached ones are those that fire often, and to name those is easy. Lookahead goes on naming while nothing is read by it, so a
/// layer is judged anew all the time.
/// </summary>
/// <param name="layerCount">Layers of the model.</param>
/// <param name="precisionMin">The share of the missing neurons it names that must be wanted, 0 to 1.</param>
internal sealed class LookaheadGate(int layerCount, double precisionMin)
{
    // A pass's share in the judgement: that of some ten passes, so that one odd token changes nothing.
    private const double Weight = 0.1;

    private readonly double[] _precision = Enumerable.Repeat(1.0, layerCount).ToArray();      // trusted until it fails
    private readonly int[] _named = new int[layerCount];
    private readonly int[] _right = new int[layerCount];

    /// <summary>Whether to read what is named of <paramref name="layer"/>.</summary>
    public bool IsTrusted(LayerIndex layer) => _precision[layer.Value] >= precisionMin;

    /// <summary>Lookahead named so many neurons that are not resident.</summary>
    public void Named(LayerIndex layer, int count) => _named[layer.Value] += count;

    /// <summary>So many of them were wanted.</summary>
    public void Right(LayerIndex layer, int count) => _right[layer.Value] += count;

    /// <summary>A pass was dropped: what was named in it proves nothing.</summary>
    public void Forget()
    {
        Array.Clear(_named);
        Array.Clear(_right);
    }

    /// <summary>The layer is through.</summary>
    public void EndLayer(LayerIndex layer)
    {
        int named = _named[layer.Value];
        if (named > 0)
            _precision[layer.Value] += Weight * (((double)_right[layer.Value] / named) - _precision[layer.Value]);
        (_named[layer.Value], _right[layer.Value]) = (0, 0);
    }
}
