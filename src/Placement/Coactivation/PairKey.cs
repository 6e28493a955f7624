namespace Neuralink.Placement.Coactivation;

/// <summary>
/// A pair of neurons and the number of tokens at which both fire, packed into one number. Ascending keys are the order in which the greedy
/// search takes pairs: by descending count, equal ones by the lower neuron, then by the higher one.
/// </summary>
internal static class PairKey
{
    /// <summary>The largest layer, in neurons, that keys have room for.</summary>
    public const int NeuronCountMax = 1 << NeuronBits;

    /// <summary>The largest count, and so the longest trace in tokens, that keys have room for.</summary>
    public const int CountMax = (1 << (64 - (2 * NeuronBits))) - 1;

    private const int NeuronBits = 20;

    public static ulong Of(int count, int first, int second)
    {
        (int low, int high) = first < second ? (first, second) : (second, first);
        return ((ulong)(CountMax - count) << (2 * NeuronBits)) | ((ulong)low << NeuronBits) | (uint)high;
    }

    /// <summary>The number of tokens at which both neurons fire.</summary>
    public static int Count(ulong key) => CountMax - (int)(key >> (2 * NeuronBits));

    /// <summary>The neuron with the lower id.</summary>
    public static int Low(ulong key) => (int)(key >> NeuronBits) & (NeuronCountMax - 1);

    /// <summary>The neuron with the higher id.</summary>
    public static int High(ulong key) => (int)key & (NeuronCountMax - 1);
}
