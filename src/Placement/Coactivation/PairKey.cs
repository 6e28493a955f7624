namespace Neuralink.Placement.Coactivation;

/// <summary>
/// A pair of neurons and how often both fire, in one number whose ascending order is the order in which the greedy looks at pairs: by
/// descending count, equals by the lower neuron, then by the higher.
/// </summary>
internal static class PairKey
{
    /// <summary>The largest layer and, plus one, the longest trace that keys can tell apart.</summary>
    public const int NeuronCountMax = 1 << NeuronBits, CountMax = (1 << (64 - (2 * NeuronBits))) - 1;

    private const int NeuronBits = 20;

    public static ulong Of(int count, int first, int second)
    {
        (int low, int high) = first < second ? (first, second) : (second, first);
        return ((ulong)(CountMax - count) << (2 * NeuronBits)) | ((ulong)low << NeuronBits) | (uint)high;
    }

    /// <summary>Tokens at which both fire.</summary>
    public static int Count(ulong key) => CountMax - (int)(key >> (2 * NeuronBits));

    /// <summary>The neuron with the lower id.</summary>
    public static int Low(ulong key) => (int)(key >> NeuronBits) & (NeuronCountMax - 1);

    /// <summary>The neuron with the higher id.</summary>
    public static int High(ulong key) => (int)key & (NeuronCountMax - 1);
}
