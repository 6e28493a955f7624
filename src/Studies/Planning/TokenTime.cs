namespace Neuralink.Studies.Planning;

/// <summary>
/// What one token takes by a strategy, or one layer of it. Pure: the parts come from wherever they are known, a measurement, a simulation, an assumption.
/// <para>
/// Two lines run side by side, one of computing and one of the device:
/// <code>
/// path   = compute + lookahead + wait           wait = max(0, demanded + latency - what is computed meanwhile)
/// device = demanded + read ahead
/// token  = max(path, device) + 0.2 min(path, read ahead)
/// </code>
/// Without reading ahead all reads are demanded, and the token takes its computing and its waits one after the other. What is computed while demanded
/// reads are under way is the lookahead; the activations of neurons that are there already, where hits are computed early; and those of the others, where clusters are.
/// With reading ahead, only what the lookahead misses is demanded, and both lines are bounds from below that no schedule can beat. None meets them: tokens
/// differ, and the first layer has nothing to hide behind. Where layers differ, their times are to be added: what a layer reads hides behind one layer's computing. The 0.2 is the share of the shorter line that stayed visible in the three runs on modelled devices in
/// docs/experiments/overlap.md, whose times this gives within 5%.
/// </para>
/// </summary>
/// <param name="TotalMillis">Of the token.</param>
/// <param name="ComputeMillis">Of it, computing: lookahead too.</param>
/// <param name="DeviceMillis">The device's work for it.</param>
/// <param name="WaitMillis">Computing waits for the device.</param>
public readonly record struct TokenTime(double TotalMillis, double ComputeMillis, double DeviceMillis, double WaitMillis)
{
    private const double VisibleShare = 0.2;

    /// <summary>What of the device's work is hidden behind computing.</summary>
    public double HiddenMillis => Math.Max(0, DeviceMillis - WaitMillis);

    /// <summary>Tokens a second.</summary>
    public double TokensPerSecond => 1000 / TotalMillis;

    public static TokenTime operator +(TokenTime a, TokenTime b) =>
        new(a.TotalMillis + b.TotalMillis, a.ComputeMillis + b.ComputeMillis, a.DeviceMillis + b.DeviceMillis, a.WaitMillis + b.WaitMillis);

    public static TokenTime operator *(TokenTime a, double factor) =>
        new(a.TotalMillis * factor, a.ComputeMillis * factor, a.DeviceMillis * factor, a.WaitMillis * factor);

    /// <summary>The time of a token or a layer.</summary>
    /// <param name="strategy">How reading and computing share it.</param>
    /// <param name="costs">Its parts.</param>
    public static TokenTime Of(StrategySwitches strategy, TokenCosts costs)
    {
        double found = strategy.ReadsAhead ? costs.FoundShare : 0;
        double lookahead = strategy.ReadsAhead ? costs.LookaheadMillis : 0;
        double demanded = costs.DemandedMillis, readAhead = strategy.ReadsAhead ? costs.AheadMillis : 0;
        double latency = demanded > 0 ? costs.LatencyMillis : 0;
        double there = costs.HitShare + ((1 - costs.HitShare) * found);
        double meanwhile = lookahead
            + (strategy.ComputesHitsEarly ? there * costs.ActivateMillis : 0)
            + (strategy.Clusters ? (1 - there) * costs.ActivateMillis : 0);
        bool overlaps = strategy.ReadsAhead || strategy.Clusters || strategy.ComputesHitsEarly;
        double compute = costs.ResidentMillis + costs.PredictorMillis + costs.ActivateMillis + costs.DownMillis + costs.MessageMillis + lookahead
            + (overlaps ? costs.SubmitMillis : 0);
        double path = compute + Math.Max(0, demanded + latency - meanwhile), device = demanded + readAhead;
        double total = Math.Max(path, device) + (VisibleShare * Math.Min(path, readAhead));
        return new TokenTime(total, compute, device, total - compute);
    }
}

/// <summary>The parts of a token's time or of a layer's, in milliseconds.</summary>
public sealed record TokenCosts
{
    /// <summary>The sum of the parts; its shares are those of <paramref name="a"/>.</summary>
    public static TokenCosts operator +(TokenCosts a, TokenCosts b) => a with
    {
        ResidentMillis = a.ResidentMillis + b.ResidentMillis,
        PredictorMillis = a.PredictorMillis + b.PredictorMillis,
        LookaheadMillis = a.LookaheadMillis + b.LookaheadMillis,
        ActivateMillis = a.ActivateMillis + b.ActivateMillis,
        DownMillis = a.DownMillis + b.DownMillis,
        MessageMillis = a.MessageMillis + b.MessageMillis,
        SubmitMillis = a.SubmitMillis + b.SubmitMillis,
        DemandedMillis = a.DemandedMillis + b.DemandedMillis,
        AheadMillis = a.AheadMillis + b.AheadMillis,
        LatencyMillis = a.LatencyMillis + b.LatencyMillis,
    };

    /// <summary>So many times the parts, with the same shares.</summary>
    public static TokenCosts operator *(TokenCosts a, double factor) => a with
    {
        ResidentMillis = a.ResidentMillis * factor,
        PredictorMillis = a.PredictorMillis * factor,
        LookaheadMillis = a.LookaheadMillis * factor,
        ActivateMillis = a.ActivateMillis * factor,
        DownMillis = a.DownMillis * factor,
        MessageMillis = a.MessageMillis * factor,
        SubmitMillis = a.SubmitMillis * factor,
        DemandedMillis = a.DemandedMillis * factor,
        AheadMillis = a.AheadMillis * factor,
        LatencyMillis = a.LatencyMillis * factor,
    };

    /// <summary>Attention, norms and logits.</summary>
    public required double ResidentMillis { get; init; }

    /// <summary>Saying which neurons a layer needs.</summary>
    public required double PredictorMillis { get; init; }

    /// <summary>Saying which a later layer will need, for strategies that read ahead.</summary>
    public required double LookaheadMillis { get; init; }

    /// <summary>The neurons' gate and up rows: can be computed as the neurons arrive.</summary>
    public required double ActivateMillis { get; init; }

    /// <summary>Their down columns: when all are there.</summary>
    public required double DownMillis { get; init; }

    /// <summary>Messages that computing waits for.</summary>
    public required double MessageMillis { get; init; }

    /// <summary>Processor time of submitting and checking reads, shared by all processors: it delays what is computed meanwhile.</summary>
    public required double SubmitMillis { get; init; }

    /// <summary>The device reading what a layer demands.</summary>
    public required double DemandedMillis { get; init; }

    /// <summary>The device reading ahead, in vain too.</summary>
    public required double AheadMillis { get; init; }

    /// <summary>From a layer's demand to its last neuron, beyond the device's work: messages, and the device answering its first read.</summary>
    public required double LatencyMillis { get; init; }

    /// <summary>Of the neurons wanted, those that are cached, 0 to 1.</summary>
    public required double HitShare { get; init; }

    /// <summary>Of those that are not, the ones that are read ahead, 0 to 1.</summary>
    public required double FoundShare { get; init; }
}
