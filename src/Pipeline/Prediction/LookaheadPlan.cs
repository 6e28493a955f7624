using Neuralink.Placement;

namespace Neuralink.Pipeline.Prediction;

/// <summary>By what lookahead names neurons, the less certain first.</summary>
internal enum LookaheadRank
{
    /// <summary>By the state of an earlier layer, or before the first layer by the tokens.</summary>
    Earlier,

    /// <summary>By the layer's own input, by a quicker predictor than the one that decides, just before that begins.</summary>
    Own,
}

/// <summary>
/// Which layers are looked ahead to, and when. At layer N that is layer N + <paramref name="distance"/>; before the first layer it is those
/// that no earlier layer looks ahead to, from the embedded tokens. A layer may be looked at once more when it is reached, before it is
/// predicted: what the first look missed is then read while the predictor works.
/// </summary>
/// <param name="layerCount">Layers of the model.</param>
/// <param name="distance">How many layers ahead, at least 1.</param>
/// <param name="firstCount">Layers looked ahead to from the tokens, 0 to <paramref name="distance"/>.</param>
/// <param name="covers">Whether lookahead knows anything of a layer; where it does not, nothing is looked ahead to.</param>
/// <param name="looksAgain">Whether a layer that is reached is looked at once more before it is predicted.</param>
internal sealed class LookaheadPlan(int layerCount, int distance, int firstCount, Func<int, bool> covers, bool looksAgain = false)
{
    /// <summary>Nobody looks ahead.</summary>
    public static LookaheadPlan None { get; } = new(layerCount: 0, distance: 1, firstCount: 0, _ => false);

    /// <summary>Layers looked ahead to before the first layer is reached, covered or not.</summary>
    public int FirstCount { get; } = Math.Min(firstCount, layerCount);

    /// <summary>The first layer from <paramref name="from"/> on that is looked ahead to from the tokens, or null.</summary>
    public LayerIndex? NextFirst(int from)
    {
        while (from < FirstCount && !covers(from))
            from++;
        return from < FirstCount ? new LayerIndex(from) : null;
    }

    /// <summary>Whether <paramref name="layer"/> is looked at once more when it is reached.</summary>
    public bool LooksAgainAt(LayerIndex layer) => looksAgain && covers(layer.Value);

    /// <summary>The layer looked ahead to from <paramref name="layer"/>, or null.</summary>
    public LayerIndex? TargetOf(LayerIndex layer)
    {
        int target = layer.Value + distance;
        return target < layerCount && covers(target) ? new LayerIndex(target) : null;
    }
}
