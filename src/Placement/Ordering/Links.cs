namespace Neuralink.Placement.Ordering;

/// <summary>
/// Paths through the neurons of a layer, which are joined one by one. At first each neuron is a path of its own. A neuron has at most two
/// neighbours, and no path closes to a ring.
/// </summary>
internal sealed class Links
{
    private const int None = -1;

    private readonly int[] _first;          // [neurons], a neighbour, or None
    private readonly int[] _second;         // [neurons], the other neighbour, or None
    private readonly int[] _parents;        // [neurons], a union-find forest: all neurons of a path have the same root

    public Links(int neuronCount)
    {
        _first = new int[neuronCount];
        _second = new int[neuronCount];
        _parents = new int[neuronCount];
        Array.Fill(_first, None);
        Array.Fill(_second, None);
        for (int neuron = 0; neuron < neuronCount; neuron++)
            _parents[neuron] = neuron;
    }

    /// <summary>Whether the neuron has fewer than two neighbours.</summary>
    public bool IsEnd(int neuron) => _second[neuron] == None;

    /// <summary>Makes two neurons neighbours, unless one of them already has two or both are on the same path.</summary>
    public bool TryJoin(int a, int b)
    {
        if (!IsEnd(a) || !IsEnd(b))
            return false;
        int rootA = Root(a), rootB = Root(b);
        if (rootA == rootB)
            return false;
        _parents[rootA] = rootB;
        AddNeighbour(a, b);
        AddNeighbour(b, a);
        return true;
    }

    /// <summary>The paths. Each begins at its end with the lower id, and they ascend by that id.</summary>
    public IEnumerable<int[]> Paths()
    {
        bool[] seen = new bool[_first.Length];
        List<int> path = [];
        for (int end = 0; end < _first.Length; end++)
        {
            if (seen[end] || !IsEnd(end))
                continue;
            path.Clear();
            for (int neuron = end, previous = None; neuron != None;)
            {
                seen[neuron] = true;
                path.Add(neuron);
                int next = _first[neuron] == previous ? _second[neuron] : _first[neuron];
                (previous, neuron) = (neuron, next);
            }
            yield return [.. path];
        }
    }

    private void AddNeighbour(int neuron, int neighbour)
    {
        if (_first[neuron] == None)
            _first[neuron] = neighbour;
        else
            _second[neuron] = neighbour;
    }

    // Path halving keeps the ways to the roots short.
    private int Root(int neuron)
    {
        while (_parents[neuron] != neuron)
            neuron = _parents[neuron] = _parents[_parents[neuron]];
        return neuron;
    }
}
