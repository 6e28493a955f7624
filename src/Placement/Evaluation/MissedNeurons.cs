using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Evaluation;

/// <summary>Plays a trace token by token through a cache, from an empty one: which neurons would have to be read. The order on flash has no part in it.</summary>
internal sealed class MissedNeurons(FiringMatrix firing, EvaluationSetup setup)
{
    private readonly LayerCache _cache = new(firing.NeuronCount, (int)(setup.CachedShare * firing.NeuronCount));
    private readonly int[] _neurons = new int[firing.NeuronCount];
    private int _token;

    /// <summary>The neurons that the next token wants and the cache does not hold, ascending; it holds them afterwards. Valid until the next call.</summary>
    public ReadOnlySpan<int> Next()
    {
        int missed = 0;
        foreach (int neuron in _neurons.AsSpan(0, firing.CopyFiring(_token++, _neurons)))
        {
            if (!_cache.Touch(neuron))
                _neurons[missed++] = neuron;
        }
        ReadOnlySpan<int> misses = _neurons.AsSpan(0, missed);
        foreach (int neuron in misses)
            _cache.Add(neuron);
        return misses;
    }
}
