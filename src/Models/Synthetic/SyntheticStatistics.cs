using Neuralink.Placement;
using Neuralink.Placement.Traces;

namespace Neuralink.Models.Synthetic;

/// <summary>How the neurons of a synthetic layer fire.</summary>
/// <param name="Layer">Which layer.</param>
/// <param name="Active">In the model's own order, which is shuffled.</param>
/// <param name="TrueRunLength">Mean run length, in neurons, in the order that the generator knows.</param>
public sealed record SyntheticStatistics(LayerIndex Layer, ActivationStatistics Active, double TrueRunLength)
{
    /// <summary>The statistics of a trace.</summary>
    /// <param name="layer">Which layer it is of.</param>
    /// <param name="trace">Which neurons fired.</param>
    /// <param name="trueOrder">[neurons], the neuron at each slot.</param>
    public static SyntheticStatistics Of(LayerIndex layer, ActivationMatrix trace, ReadOnlySpan<int> trueOrder) =>
        new(layer, ActivationStatistics.Of(trace), ActivationStatistics.RunLength(trace, trueOrder));
}
