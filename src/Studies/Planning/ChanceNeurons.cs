using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Synthetic;
using Neuralink.Placement.Traces;

namespace Neuralink.Studies.Planning;

/// <summary>
/// Says by chance what a predictor or lookahead takes for active: some of what is, and some that is active at another token instead.
/// </summary>
/// <param name="layers">The trace of each layer.</param>
/// <param name="seed">Of the chance.</param>
internal sealed class ChanceNeurons(IReadOnlyList<ActivationMatrix> layers, ulong seed)
{
    // Other tokens that are looked at for neurons to take in vain. Where most are cached, fewer than wanted are found.
    private const int OtherTokensMax = 4;

    private readonly NeuronKeys _keys = new(layers.Count, layers[0].NeuronCount);
    private readonly int[] _neurons = new int[layers[0].NeuronCount];
    private SplitMix64 _random = new(seed);

    /// <summary>Adds what an approximate predictor predicts in vain.</summary>
    /// <param name="row">The token.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="perActive">Neurons predicted in vain for each active one.</param>
    /// <param name="marks">The active neurons, to be added to.</param>
    public void AddVain(int row, LayerIndex layer, double perActive, Span<ulong> marks)
    {
        int active = layers[layer.Value].CopyActive(row, _neurons);
        AddOthers(row, layer, perActive * active, marks, cached: null);
    }

    /// <summary>Marks what lookahead names of the neurons that are not cached.</summary>
    /// <param name="row">The token.</param>
    /// <param name="layer">The layer that is looked ahead to.</param>
    /// <param name="quality">How good it is.</param>
    /// <param name="cached">What is cached.</param>
    /// <param name="marks">No neurons, to be added to.</param>
    public void LookAhead(int row, LayerIndex layer, LookaheadQuality quality, CachePolicy cached, Span<ulong> marks)
    {
        int active = layers[layer.Value].CopyActive(row, _neurons), missing = 0;
        foreach (int neuron in _neurons.AsSpan(0, active))
        {
            if (IsCached(cached, layer, neuron))
                continue;
            missing++;
            if (_random.NextDouble() < quality.Found)
                Mark(marks, neuron);
        }
        AddOthers(row, layer, quality.VainShare * missing, marks, cached);
    }

    private void AddOthers(int row, LayerIndex layer, double count, Span<ulong> marks, CachePolicy? cached)
    {
        ActivationMatrix rows = layers[layer.Value];
        // What is left below one is one as often as it says.
        int left = (int)(count + _random.NextDouble());
        for (int attempt = 0; attempt < OtherTokensMax && left > 0; attempt++)
        {
            int others = rows.CopyActive(_random.NextInteger(rows.TokenCount), _neurons);
            foreach (int neuron in _neurons.AsSpan(0, others))
            {
                if (left == 0 || rows.IsActive(row, new NeuronId(neuron)) || IsMarked(marks, neuron))
                    continue;
                if (cached is not null && IsCached(cached, layer, neuron))
                    continue;
                Mark(marks, neuron);
                left--;
            }
        }
    }

    private bool IsCached(CachePolicy cached, LayerIndex layer, int neuron) => cached.Holds(_keys.Of(layer, new NeuronId(neuron)).Value);

    private static bool IsMarked(Span<ulong> marks, int neuron) => (marks[neuron / 64] >> (neuron % 64) & 1) != 0;

    private static void Mark(Span<ulong> marks, int neuron) => marks[neuron / 64] |= 1UL << (neuron % 64);
}
