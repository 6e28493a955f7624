namespace Neuralink.Placement.Synthetic;

/// <summary>
/// The random number generator SplitMix64 (Steele, Lea and Flood 2014). It is implemented here so that a seed gives the same trace on every
/// version of the framework. Its streams begin at hashed seeds, so that layers can be made in any order and on any thread.
/// </summary>
public struct SplitMix64
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    private ulong _state;

    /// <param name="seed">Any number.</param>
    /// <param name="stream">Which of the seed's streams to draw from. Parts that are made separately use different streams.</param>
    public SplitMix64(ulong seed, ulong stream = 0) => _state = Mix(seed + Step) ^ Mix((stream * Step) + 1);

    /// <summary>64 random bits.</summary>
    public ulong Next() => Mix(_state += Step);

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, <paramref name="end"/>).</summary>
    public int NextInteger(int end) => (int)Math.BigMul(Next() >> 32, (ulong)end << 32, out _);

    /// <summary>Normal, of mean 0 and variance 1 (Box and Muller 1958).</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    /// <summary>Puts <paramref name="items"/> into random order (Fisher and Yates).</summary>
    public void Shuffle(Span<int> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = NextInteger(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
