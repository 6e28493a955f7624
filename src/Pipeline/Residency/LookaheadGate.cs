using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Residency;

/// <summary>
/// Decides, layer by layer and rank by rank, whether what lookahead names is read ahead. A rank passes the gate while enough of the missing
/// neurons that it named turned out to be wanted: the others cost the device reads that a layer waits behind. Only missing neurons count,
/// because cached ones are those that fire often, and to name those is easy. Lookahead goes on naming while nothing is read by it, so it
/// is judged anew all the time.
/// <para>
/// How many are enough depends on whether the device has time to spare. It has where, when a layer is reached, nothing is being read ahead
/// any more: what was read in vain then delayed nobody. Between a device that never has and one that always has, the limit falls in
/// proportion to how often it has.
/// </para>
/// </summary>
/// <param name="layerCount">Layers of the model.</param>
/// <param name="precisionMin">
/// The share of the missing neurons it names that must be wanted where the device is never idle, 0 to 1.
/// </param>
internal sealed class LookaheadGate(int layerCount, double precisionMin)
{
    // A pass's share in the judgement: that of some ten passes, so that one odd token changes nothing.
    private const double Weight = 0.1;

    // The same of a pass in which nothing was read ahead for a layer: that the device was idle then says little.
    private const double UnreadWeight = 0.01;

    // The limit for a device that is always idle in time: what is read in vain still takes processor time.
    private const double IdlePrecisionMin = 0.2;

    private static readonly int s_rankCount = Enum.GetValues<LookaheadRank>().Length;

    // [layer, rank]
    private readonly double[] _precision = Enumerable.Repeat(1.0, layerCount * s_rankCount).ToArray();      // trusted until it fails
    private readonly int[] _named = new int[layerCount * s_rankCount];
    private readonly int[] _right = new int[layerCount * s_rankCount];

    private readonly double[] _busy = Enumerable.Repeat(1.0, layerCount).ToArray();      // the share of passes with no time to spare

    /// <summary>Whether to read what a rank names of <paramref name="layer"/>.</summary>
    public bool IsTrusted(LayerIndex layer, LookaheadRank rank)
    {
        double idleMin = Math.Min(IdlePrecisionMin, precisionMin), busy = _busy[layer.Value];
        return _precision[IndexOf(layer, rank)] >= idleMin + (busy * (precisionMin - idleMin));
    }

    /// <summary>A layer is reached.</summary>
    /// <param name="layer">Which.</param>
    /// <param name="isBusy">Whether something is still being read ahead that an earlier layer's state named.</param>
    public void Reached(LayerIndex layer, bool isBusy)
    {
        double weight = IsTrusted(layer, LookaheadRank.Earlier) ? Weight : UnreadWeight;
        _busy[layer.Value] += weight * ((isBusy ? 1 : 0) - _busy[layer.Value]);
    }

    /// <summary>Lookahead named so many neurons that are not resident.</summary>
    public void Named(LayerIndex layer, LookaheadRank rank, int count = 1) => _named[IndexOf(layer, rank)] += count;

    /// <summary>So many of them were wanted.</summary>
    public void Right(LayerIndex layer, LookaheadRank rank, int count = 1) => _right[IndexOf(layer, rank)] += count;

    /// <summary>A pass was dropped: what was named in it proves nothing.</summary>
    public void Forget()
    {
        Array.Clear(_named);
        Array.Clear(_right);
    }

    /// <summary>The layer is through.</summary>
    public void EndLayer(LayerIndex layer)
    {
        int begin = layer.Value * s_rankCount;
        for (int i = begin; i < begin + s_rankCount; i++)
        {
            if (_named[i] > 0)
                _precision[i] += Weight * (((double)_right[i] / _named[i]) - _precision[i]);
            (_named[i], _right[i]) = (0, 0);
        }
    }

    private static int IndexOf(LayerIndex layer, LookaheadRank rank) => (layer.Value * s_rankCount) + (int)rank;
}
