using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Cost;

namespace Neuralink.Studies.Faults;

/// <summary>A model, a setup and a device, drawn from a seed; and the chance of all that happens with them.</summary>
internal sealed class Scenario
{
    private readonly double _density;
    private readonly double _lookaheadRecall;
    private readonly double _lookaheadNoise;
    private readonly double _faultShare;
    private readonly int _latencyMax;
    private readonly int _workMax;
    private readonly HashSet<(int Layer, int Slot)> _brokenSlots = [];

    public Scenario(int seed)
    {
        Random = new Random(seed);
        Keys = new NeuronKeys(Random.Next(1, 6), Random.Next(1, 49));
        Strategy = StrategySwitches.Of(Pick(Enum.GetValues<ExecutionStrategy>()));
        int leased = Random.Next(1, Keys.NeuronsPerLayer + 1);
        Limits = new CacheLimits(Random.Next(0, Keys.Count + 1), leased, Strategy.StagesAhead ? leased : 0);
        Policy = new CacheOptions
        {
            Kind = Pick(Enum.GetValues<CachePolicyKind>()),
            PinnedShare = Random.Next(3) == 0 ? Random.NextDouble() : 0,
            WindowTokens = Random.Next(1, 4),
        };
        Placements = [.. Enumerable.Range(0, Keys.LayerCount).Select(_ => RandomPermutation())];
        LookaheadLayers = Random.Next(1, 4);
        FirstCount = Random.Next(2) == 0 ? 0 : LookaheadLayers;
        PrecisionMin = Pick(0.0, 0.5, 0.6);
        QueueDepth = Random.Next(1, 9);
        AttemptsMax = Random.Next(1, 4);
        ExtentSlotsMax = Random.Next(1, 17);
        GapSlots = Random.Next(0, 5);
        DetectsBottleneck = Random.Next(2) == 0;
        SharesThread = Random.Next(2) == 0;
        WakeTicks = Pick(0, 0, 20);
        _density = Pick(0, 0.05, 0.3, 1.0);
        _lookaheadRecall = Random.NextDouble();
        _lookaheadNoise = Random.NextDouble() * 0.3;
        _faultShare = Pick(0, 0, 0.02, 0.3);
        _latencyMax = Pick(2, 50, 2000);
        _workMax = Pick(1, 50);
        BreakSomeSlots();
        LooksAgain = Random.Next(2) == 0;
        WarmUp = Random.Next(2) == 0 ? null : RandomWarmUp();
    }

    public Random Random { get; }

    public NeuronKeys Keys { get; }

    public StrategySwitches Strategy { get; }

    public CacheLimits Limits { get; }

    public CacheOptions Policy { get; }

    /// <summary>What fills the empty cache, or null.</summary>
    public WarmUpPlan? WarmUp { get; }

    /// <summary>[layer]</summary>
    public Permutation[] Placements { get; }

    public int LookaheadLayers { get; }

    public int FirstCount { get; }

    /// <summary>Whether a layer that is reached is looked at once more before it is predicted.</summary>
    public bool LooksAgain { get; }

    public double PrecisionMin { get; }

    public int QueueDepth { get; }

    public int AttemptsMax { get; }

    public int ExtentSlotsMax { get; }

    public int GapSlots { get; }

    public bool DetectsBottleneck { get; }

    /// <summary>Whether all actors but Io take turns on one thread, or each has its own.</summary>
    public bool SharesThread { get; }

    /// <summary>What a message takes from one thread to another.</summary>
    public int WakeTicks { get; }

    public ReadCost Cost => ReadCost.Linear(readMicros: GapSlots + 1, bytesPerMicro: 1);

    public T Pick<T>(params ReadOnlySpan<T> values) => values[Random.Next(values.Length)];

    /// <summary>How long some work takes.</summary>
    public long Work() => Random.Next(_workMax);

    /// <summary>How long a read takes.</summary>
    public long Latency() => Random.Next(10) == 0 ? Random.Next(10 * _latencyMax) : Random.Next(_latencyMax);

    /// <summary>The neurons that a layer turns out to need, ascending.</summary>
    public int[] DrawActive() => [.. Enumerable.Range(0, Keys.NeuronsPerLayer).Where(_ => Random.NextDouble() < _density)];

    /// <summary>What lookahead takes them for.</summary>
    public int[] DrawLookahead(int[] active) =>
    [
        .. Enumerable.Range(0, Keys.NeuronsPerLayer)
            .Where(n => Random.NextDouble() < (active.Contains(n) ? _lookaheadRecall : _lookaheadNoise)),
    ];

    /// <summary>Whether a read fails: by an error, short, or by a flipped byte in one of its wanted bundles.</summary>
    public bool Fails(int layer, Extent extent)
    {
        for (int slot = extent.First.Value; slot < extent.End.Value; slot++)
        {
            if (_brokenSlots.Contains((layer, slot)))
                return true;
        }
        return Random.NextDouble() < _faultShare;
    }

    private WarmUpPlan RandomWarmUp()
    {
        WarmUpPlan plan = WarmUpPlan.Everything(Keys, Random.Next(1, 17));
        double left = Pick(0, 0.3);
        for (int key = 0; key < Keys.Count; key++)
            plan.Keys[key] = Random.NextDouble() >= left;
        return plan;
    }

    private void BreakSomeSlots()
    {
        if (Random.Next(4) != 0)
            return;
        for (int i = Random.Next(1, 4); i > 0; i--)
            _brokenSlots.Add((Random.Next(Keys.LayerCount), Random.Next(Keys.NeuronsPerLayer)));
    }

    private Permutation RandomPermutation()
    {
        int[] order = [.. Enumerable.Range(0, Keys.NeuronsPerLayer)];
        if (Random.Next(3) > 0)
            Random.Shuffle(order);
        return Permutation.Of(order);
    }
}
