using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Synthetic;

/// <summary>
/// One layer of neurons that fire as those of a sparse language model do, without the model. Each neuron belongs to one to three overlapping
/// clusters (some to none), fires with its own probability where a token activates one of them, and now and then alone; the probabilities
/// give every neuron its frequency in domain 0. The neurons' ids are shuffled. A layer's members, and each trace of it, depend on nothing
/// but the arguments.
/// </summary>
/// <remarks>
/// The constants were fitted to the bundled model on its own corpus, trained on 4096 tokens of a domain and tested on others, at the same share and 80%
/// share. A layer of 2048 at 3.4%, real and then synthetic: of the neurons that fire at 3% to 10% of tokens, the neighbour most likely to fire with one does so
/// at 70% and 61%, its likeliest among neurons no more frequent at 51% and 43%, and its 16 highest correlations average 0.32 and 0.25; firing neurons a
/// token vary by 62% and 42% of their mean; two tokens side by side share 1.5 and 1.25 times as many as any two. With reads of 20 us and 1 GB/s
/// the frequency order costs 0.71 and 0.72 of a random one, the paper's greedy order 0.58 and 0.59; at a share of 9%, 0.79 and 0.81, 0.66 and 0.67;
/// at 1%, 0.70 and 0.76, 0.56 and 0.65. In another domain, at 3.4%: frequencies correlate with the first domain's by 0.67 to 0.78 and 0.77, the
/// frequency order costs 0.76 to 0.81 and 0.80, the greedy one 0.68 to 0.77 and 0.67. So linking is not flattered, except a little across domains.
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
