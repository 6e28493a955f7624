using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Synthetic;

/// <summary>
/// One layer of neurons that fire like those of a sparse language model, without the model. Each neuron belongs to one to three overlapping
/// clusters; some neurons belong to none. Where a token activates a cluster, each of its neurons fires with a probability of its own. Now
/// and then a neuron fires alone. The probabilities are such that every neuron has its given frequency in domain 0. The neurons' ids are
/// shuffled. A layer's neurons, and each trace of it, depend on nothing but the arguments.
/// </summary>
/// <remarks>
/// The constants were fitted to the bundled model on its own corpus, at the same share and 80% share. Orders were made from 4096 tokens of
/// a domain and tested on other tokens. For a layer of 2048 neurons, real and then synthetic, at a share of 3.4%:
/// <list type="bullet">
/// <item>
/// Of neurons that fire at 3% to 10% of tokens, the neighbour most likely to fire with one does so at 70% and 61%. The most likely one
/// among neurons that are no more frequent does so at 51% and 43%. A neuron's 16 highest correlations average 0.32 and 0.25.
/// </item>
/// <item>The number of active neurons a token varies by 62% and 42% of its mean.</item>
/// <item>Two adjacent tokens share 1.5 and 1.25 times as many neurons as any two tokens.</item>
/// <item>
/// With reads of 20 us and 1 GB/s, the frequency order costs 0.71 and 0.72 of a random order, the paper's greedy order 0.58 and 0.59. At a
/// share of 9% this is 0.79 and 0.81, 0.66 and 0.67; at a share of 1%, 0.70 and 0.76, 0.56 and 0.65.
/// </item>
/// <item>
/// In another domain, frequencies correlate with those of the first by 0.67 to 0.78 and 0.77. The frequency order costs 0.76 to 0.81 and
/// 0.80, the greedy order 0.68 to 0.77 and 0.67.
/// </item>
/// </list>
/// So synthetic layers do not flatter linking, except a little across domains.
/// </remarks>
public sealed class SyntheticLayer
{
    private const ulong MemberStream = 1UL << 60, TraceStream = 1UL << 61, DomainStream = 1UL << 62;

    // Fitted to the bundled model: see the remarks.
    private const double ChangedLinks = 0.4, ChangedFactor = 0.15, UnchangedFactor = 1.5, ChangedMax = 0.95;

    private readonly SyntheticNeuron[] _neurons;        // [neurons], by id
    private readonly int _clusterCount;
    private readonly ulong _seed;
    private readonly int _layer;

    public SyntheticLayer(ActivationProfile profile, ClusterActivity activity, ulong seed, int layer)
    {
        _seed = seed;
        _layer = layer;
        _clusterCount = activity.ByShare.Count;
        SplitMix64 random = new(seed, MemberStream + (ulong)layer);
        _neurons = SyntheticNeuron.DrawLayer(profile, activity, ref random);
        TrueOrder = SyntheticNeuron.TrueOrder(_neurons, activity);
    }

    /// <summary>The neurons by id.</summary>
    public IReadOnlyList<SyntheticNeuron> Neurons => _neurons;

    /// <inheritdoc cref="SyntheticNeuron.TrueOrder"/>
    public int[] TrueOrder { get; }

    /// <summary>Which neurons fire at the tokens of a text, [tokens, neurons].</summary>
    public ActivationMatrix Trace(SyntheticText text)
    {
        SyntheticNeuron[] neurons = InDomain(text.Domain);
        Member[][] members = MembersOf(neurons);
        AloneGroup[] alone = AloneGroup.Of(neurons);
        SplitMix64 random = new(_seed, TraceStream + ((ulong)_layer << 48) + ((ulong)text.Domain << 32) + (ulong)text.Number);
        int rowWords = ActivationMatrix.WordsPerTokenOf(neurons.Length);
        ulong[] words = new ulong[(long)text.ActiveClusters.Count * rowWords];
        foreach ((int token, int[] clusters) in text.ActiveClusters.Index())
        {
            Span<ulong> row = words.AsSpan(token * rowWords, rowWords);
            foreach (int cluster in clusters)
            {
                foreach (Member member in members[cluster])
                {
                    if ((uint)random.Next() < member.Threshold)
                        row[member.Neuron / 64] |= 1UL << (member.Neuron % 64);
                }
            }
            foreach (AloneGroup group in alone)
                group.Fire(row, ref random);
        }
        return new ActivationMatrix(neurons.Length, words);
    }

    // In another domain, words have other meanings: some of a cluster's neurons hardly respond, and the others respond more.
    private SyntheticNeuron[] InDomain(int domain)
    {
        if (domain == 0)
            return _neurons;
        SplitMix64 random = new(_seed, DomainStream + ((ulong)_layer << 48) + (ulong)domain);
        return Array.ConvertAll(_neurons, neuron => neuron with
        {
            Clusters = Array.ConvertAll(neuron.Clusters, c => c with { Probability = Changed(c.Probability, ref random) }),
            Alone = Changed(neuron.Alone, ref random),
        });

        static double Changed(double probability, ref SplitMix64 random) =>
            Math.Min(probability * (random.NextDouble() < ChangedLinks ? ChangedFactor : UnchangedFactor), ChangedMax);
    }

    private Member[][] MembersOf(SyntheticNeuron[] neurons)
    {
        List<Member>[] members = [.. Enumerable.Range(0, _clusterCount).Select(_ => new List<Member>())];
        foreach ((int id, SyntheticNeuron neuron) in neurons.Index())
        {
            foreach (ClusterMembership c in neuron.Clusters)
                members[c.Cluster].Add(new Member(id, (uint)(c.Probability * uint.MaxValue)));
        }
        return [.. members.Select(list => list.ToArray())];
    }

    private readonly record struct Member(int Neuron, uint Threshold);
}
