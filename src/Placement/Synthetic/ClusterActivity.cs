using System.Numerics;

namespace Neuralink.Placement.Synthetic;

/// <summary>
/// How often clusters are active over some tokens, alone and together. The neurons' probabilities are calibrated with this.
/// </summary>
public sealed class ClusterActivity
{
    private const int ReferenceTokens = 1 << 15, ReferenceText = int.MaxValue;

    private readonly int _tokenCount;
    private readonly ulong[][] _active;     // [clusters][tokens / 64], one bit a token
    private readonly double[] _shares;      // [clusters]

    /// <summary>Measures a long text of domain 0.</summary>
    public ClusterActivity(SyntheticLanguage language)
        : this(language.ClusterCount, language.Text(ReferenceTokens, domain: 0, ReferenceText).ActiveClusters)
    {
    }

    /// <param name="clusterCount">The number of clusters.</param>
    /// <param name="activeClusters">For each token the clusters that it activates.</param>
    public ClusterActivity(int clusterCount, IReadOnlyList<int[]> activeClusters)
    {
        _tokenCount = activeClusters.Count;
        _active = new ulong[clusterCount][];
        for (int cluster = 0; cluster < _active.Length; cluster++)
            _active[cluster] = new ulong[(_tokenCount + 63) / 64];
        foreach ((int token, int[] clusters) in activeClusters.Index())
        {
            foreach (int cluster in clusters)
                _active[cluster][token / 64] |= 1UL << (token % 64);
        }
        _shares = Array.ConvertAll(_active, bits => ShareOf(bits));
        ByShare = [.. Enumerable.Range(0, _active.Length).OrderByDescending(cluster => _shares[cluster])];
    }

    /// <summary>The clusters, the most active one first.</summary>
    public IReadOnlyList<int> ByShare { get; }

    /// <summary>The share of the tokens at which <paramref name="cluster"/> is active.</summary>
    public double Share(int cluster) => _shares[cluster];

    /// <summary>
    /// The probability that none of a neuron's one to three clusters fires it. Each cluster, where active, fires it
    /// with its own probability.
    /// </summary>
    public double Miss(ReadOnlySpan<ClusterMembership> of)
    {
        // The expected value of the product of (1 - probability * active) over the clusters, multiplied out.
        double miss = 1;
        for (int i = 0; i < of.Length; i++)
        {
            ulong[] first = _active[of[i].Cluster];
            miss -= of[i].Probability * _shares[of[i].Cluster];
            for (int j = 0; j < i; j++)
                miss += of[i].Probability * of[j].Probability * ShareOf(first, _active[of[j].Cluster]);
        }
        if (of.Length == 3)
        {
            double all = ShareOf(_active[of[0].Cluster], _active[of[1].Cluster], _active[of[2].Cluster]);
            miss -= of[0].Probability * of[1].Probability * of[2].Probability * all;
        }
        return miss;
    }

    private double ShareOf(ulong[] a, ulong[]? b = null, ulong[]? c = null)
    {
        long count = 0;
        for (int i = 0; i < a.Length; i++)
            count += BitOperations.PopCount(a[i] & (b is null ? ulong.MaxValue : b[i]) & (c is null ? ulong.MaxValue : c[i]));
        return (double)count / _tokenCount;
    }
}

/// <summary>A neuron's membership of a cluster.</summary>
/// <param name="Cluster">The cluster.</param>
/// <param name="Probability">The probability that the cluster, where active, fires the neuron.</param>
public readonly record struct ClusterMembership(int Cluster, double Probability);
