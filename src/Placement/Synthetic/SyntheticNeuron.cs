namespace Neuralink.Placement.Synthetic;

/// <summary>When a neuron of a synthetic layer fires.</summary>
/// <param name="Frequency">The share of tokens at which it fires in domain 0.</param>
/// <param name="Clusters">Its clusters, at most three. A neuron without clusters always fires alone.</param>
/// <param name="Alone">The probability that it fires alone at a token, without any cluster.</param>
public sealed record SyntheticNeuron(double Frequency, ClusterMembership[] Clusters, double Alone)
{
    // These constants were fitted to the bundled model: see SyntheticLayer.
    private const double Clusterless = 0.1, AloneMin = 0.05, AloneMax = 0.4;
    private const double ProbabilityMin = 0.25, ProbabilityMax = 0.85;
    private const double NeighbourhoodShare = 0.06;

    // Draws a neuron of a given frequency: chooses clusters that can explain it, and calibrates the probabilities.
    private static SyntheticNeuron Draw(double frequency, ClusterActivity activity, ref SplitMix64 random)
    {
        if (random.NextDouble() < Clusterless)
            return new SyntheticNeuron(frequency, [], frequency);
        double kind = random.NextDouble();
        ClusterMembership[] clusters = new ClusterMembership[kind < 0.5 ? 1 : kind < 0.8 ? 2 : 3];
        double explained = frequency * (1 - AloneMin - ((AloneMax - AloneMin) * random.NextDouble()));
        for (int i = 0; i < clusters.Length; i++)
        {
            double part = explained / clusters.Length;
            double wanted = ProbabilityMin + ((ProbabilityMax - ProbabilityMin) * random.NextDouble());
            int cluster = Near(part / wanted, activity, ref random);
            clusters[i] = new ClusterMembership(cluster, Math.Min(part / activity.Share(cluster), ProbabilityMax));
        }
        clusters = [.. clusters.DistinctBy(c => c.Cluster)];

        // Clusters that are active together explain less than the sum of what each explains alone. So this scales the probabilities up
        // until the clusters together explain their part.
        for (int step = 0; step < 4; step++)
        {
            double scale = explained / (1 - activity.Miss(clusters));
            foreach (ref ClusterMembership c in clusters.AsSpan())
                c = c with { Probability = Math.Min(c.Probability * scale, ProbabilityMax) };
        }
        double alone = 1 - ((1 - frequency) / activity.Miss(clusters));
        return new SyntheticNeuron(frequency, clusters, Math.Max(alone, 0));
    }

    /// <summary>Draws the neurons of a layer and gives them shuffled ids.</summary>
    public static SyntheticNeuron[] DrawLayer(ActivationProfile profile, ClusterActivity activity, ref SplitMix64 random)
    {
        int[] ids = [.. Enumerable.Range(0, profile.NeuronCount)];
        random.Shuffle(ids);
        SyntheticNeuron[] neurons = new SyntheticNeuron[ids.Length];
        foreach ((int rank, double frequency) in profile.Frequencies().Index())
            neurons[ids[rank]] = Draw(frequency, activity, ref random);
        return neurons;
    }

    /// <summary>
    /// The order, [slots], that only the generator can know. Neurons without a cluster come first. Then the clusters follow, the most
    /// active first. Each neuron lies with the cluster that fires it most, and within a cluster the frequent neurons come first.
    /// </summary>
    public static int[] TrueOrder(IReadOnlyList<SyntheticNeuron> neurons, ClusterActivity activity)
    {
        int[] rank = new int[activity.ByShare.Count];
        foreach ((int i, int cluster) in activity.ByShare.Index())
            rank[cluster] = i;
        return
        [
            .. Enumerable.Range(0, neurons.Count)
                .OrderBy(id => neurons[id].Clusters.Length == 0 ? -1 : rank[neurons[id].MainCluster(activity)])
                .ThenByDescending(id => neurons[id].Frequency),
        ];
    }

    // The cluster that fires the neuron most often.
    private int MainCluster(ClusterActivity activity) => Clusters.MaxBy(c => c.Probability * activity.Share(c.Cluster)).Cluster;

    // Draws a cluster that is active at about this share of the tokens.
    private static int Near(double share, ClusterActivity activity, ref SplitMix64 random)
    {
        IReadOnlyList<int> clusters = activity.ByShare;
        int low = 0, high = clusters.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (activity.Share(clusters[middle]) > share)
                low = middle + 1;
            else
                high = middle;
        }
        int reach = 1 + (int)(clusters.Count * NeighbourhoodShare);

        // Neurons that are more frequent than any cluster spread over the most active clusters. The rarest neurons likewise spread over the
        // least active ones.
        int first = Math.Clamp(low - reach, 0, Math.Max(clusters.Count - 1 - (2 * reach), 0));
        return clusters[Math.Min(first + random.NextInteger((2 * reach) + 1), clusters.Count - 1)];
    }
}
