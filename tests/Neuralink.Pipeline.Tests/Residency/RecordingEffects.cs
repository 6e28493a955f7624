using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Tests.Residency;

/// <summary>Writes down what a <see cref="ResidencyMachine"/> does.</summary>
internal sealed class RecordingEffects : IResidencyEffects
{
    public List<FetchBatch> Fetched { get; } = [];

    public List<FetchBatch> Hastened { get; } = [];

    /// <summary>The neurons that became readable after the grant, each time.</summary>
    public List<(int[] Neurons, bool IsLast)> Arrivals { get; } = [];

    public List<Exception> Failures { get; } = [];

    /// <summary>The lease that was granted last.</summary>
    public FrameLease? Lease { get; private set; }

    /// <summary>Its neurons that were readable when it was granted.</summary>
    public int[] Hits { get; private set; } = [];

    public int TimesWarm { get; private set; }

    public int TimesReturned { get; private set; }

    public static NeuronSet Neurons(params int[] neurons)
    {
        NeuronSet set = new(neurons.Length);
        foreach (int neuron in neurons)
            set.Add(new NeuronId(neuron));
        return set;
    }

    public FetchBatch[] TakeFetched()
    {
        FetchBatch[] taken = [.. Fetched];
        Fetched.Clear();
        return taken;
    }

    public void Fetch(FetchBatch batch) => Fetched.Add(batch);

    public void Hasten(FetchBatch batch) => Hastened.Add(batch);

    public void Grant(PassId pass, FrameLease lease) => (Lease, Hits) = (lease, NeuronsOf(lease, lease.Hits));

    public void Arrived(PassId pass, ReadOnlyMemory<int> ordinals, bool isLast) => Arrivals.Add((NeuronsOf(Lease!, ordinals), isLast));

    public void Unavailable(PassId pass, Exception error) => Failures.Add(error);

    public void AllReturned(PassId pass) => TimesReturned++;

    public void Release(NeuronSet neurons)
    {
    }

    public void WarmedUp() => TimesWarm++;

    private static int[] NeuronsOf(FrameLease lease, ReadOnlyMemory<int> ordinals) =>
        [.. ordinals.ToArray().Select(ordinal => lease.Neurons.Span[ordinal])];
}
