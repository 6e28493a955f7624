using Neuralink.Placement;

namespace Neuralink.Actors.Prediction;

/// <summary>How many (neuron, token) pairs fired in each layer since the engine started. Written by the Predictor alone; read between passes.</summary>
public sealed class FiringCounts(int layerCount)
{
    private readonly long[] _firing = new long[layerCount];
    private readonly long[] _tokens = new long[layerCount];

    /// <summary>Pairs that fired, by layer.</summary>
    public IReadOnlyList<long> Firing => _firing;

    /// <summary>Tokens that passed, by layer.</summary>
    public IReadOnlyList<long> Tokens => _tokens;

    internal void Add(LayerIndex layer, int firing, int tokens)
    {
        _firing[layer.Value] += firing;
        _tokens[layer.Value] += tokens;
    }
}
