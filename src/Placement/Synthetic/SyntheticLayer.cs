using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Synthetic;

/// <summary>
/// One layer of neurons that fire as those of a sparse language model do, without the model. Each neuron belongs to one to three overlapping
/// clusters (some to none), fires with its own probability where a token activates one of them, and now and then alone; the probabilities
/// give every neuron its frequency in domain 0. The neurons' ids are shuffled. A layer's members, and each trace of it, depend on nothing
/// but the arguments.
/// </summary>
/// <remarks>
/// The constants were fitted to the bundled model's layers on its own corpus, trained on 4096 tokens and tested on others, at the same share and 80%
/// share (a layer of 2048 at 3.4%, real and then synthetic): firing neurons a token vary by 62% and 52% of their mean; the neighbour most likely to fire
/// with a neuron of 3% to 10% fires with it at 70% and 84%, its likeliest among neurons as rare at 51% and 41%; its 16 highest correlations
/// average 0.32 and 0.24; two tokens side by side share 1.5 and 1.1 times as many firing neurons as any two. With reads of 20 us and 1 GB/s the
/// frequency order costs 0.71 and 0.70 of a random one, the paper's greedy order 0.58 and 0.59. In another domain frequencies correlate by 0.67
/// to 0.78 and 0.77 to 0.82; the frequency order costs 0.76 to 0.81 and 0.76, the greedy one 0.68 to 0.77 and 0.61: the bundled model's domains
/// are further apart than these.
/// </remarks>
public sealed class SyntheticLayer
{
    private const ulong MemberStream = 1UL << 60, TraceStream = 1UL << 61, DomainStream = 1UL << 62;

    // Fitted to the bundled model, see the remarks.
    private const double ChangedLinks = 0.4, ChangedFactor = 0.15, UnchangedFactor = 1.5, ChangedMax = 0.95;

    private readonly SyntheticNeuron[] _neurons;        // [neurons], by id
    private readonly int _clusterCount;
    private readonly ulong _seed;
    private readonly int _layer;

    public SyntheticLayer(FiringProfile profile, ClusterActivity activity, ulong seed, int layer)
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
    public FiringMatrix Trace(SyntheticText text)
    {
        SyntheticNeuron[] neurons = InDomain(text.Domain);
        Member[][] members = MembersOf(neurons);
        AloneGroup[] alone = AloneGroup.Of(neurons);
        SplitMix64 random = new(_seed, TraceStream + ((ulong)_layer << 48) + ((ulong)text.Domain << 32) + (ulong)text.Number);
        int rowWords = FiringMatrix.WordsPerTokenOf(neurons.Length);
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
        return new FiringMatrix(neurons.Length, words);
    }

    // A cluster's words mean something else in another domain, and some of its neurons hardly answer to them.
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
