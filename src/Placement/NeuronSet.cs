namespace Neuralink.Placement;

/// <summary>
/// The neurons of one layer that fire, or are predicted to, in ascending order. Reused: it has one owner at a time, who alone writes.
/// </summary>
public sealed class NeuronSet(int capacity)
{
    private readonly NeuronId[] _ids = new NeuronId[capacity];

    public int Count { get; private set; }

    /// <summary>The neurons, ascending.</summary>
    public ReadOnlySpan<NeuronId> Ids => _ids.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Appends <paramref name="id"/>, which must be above all others.</summary>
    public void Add(NeuronId id)
    {
        if (Count > 0 && id.Value <= _ids[Count - 1].Value)
            throw new ArgumentException($"Neurons must ascend: {id.Value} follows {_ids[Count - 1].Value}.", nameof(id));
        _ids[Count++] = id;
    }
}
