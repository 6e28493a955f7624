namespace Neuralink.Studies.Planning;

/// <summary>What a generation will take by a certain memory: figures of one token, after the prompt.</summary>
public sealed record GenerationPlan
{
    /// <summary>How memory is shared out.</summary>
    public required MemoryPlan Memory { get; init; }

    /// <summary>Of all neurons, those that the cache holds, 0 to 1.</summary>
    public required double CachedShare { get; init; }

    /// <summary>Of the neurons wanted, those that are cached, 0 to 1.</summary>
    public required double HitShare { get; init; }

    /// <summary>Of the tokens of a layer, the share before which it is looked ahead to, 0 to 1.</summary>
    public required double LookaheadShare { get; init; }

    /// <summary>Reads, those ahead too.</summary>
    public required double ReadsPerToken { get; init; }

    /// <summary>Bytes they bring.</summary>
    public required double BytesPerToken { get; init; }

    /// <summary>What a token takes.</summary>
    public required TokenTime Time { get; init; }

    /// <summary>What the first tokens of a process take longer, all together: code is compiled, and the cache is empty.</summary>
    public required double WarmUpMillis { get; init; }

    /// <summary>Tokens a second of a generation of so many in a new process.</summary>
    public double FirstTokensPerSecond(int tokens) => 1000 * tokens / ((tokens * Time.TotalMillis) + WarmUpMillis);
}

/// <summary>What one token takes, in milliseconds.</summary>
public sealed record TokenTime
{
    /// <summary>From the token to the next.</summary>
    public required double TotalMillis { get; init; }

    /// <summary>Of it, attention, norms and logits.</summary>
    public required double ResidentMillis { get; init; }

    /// <summary>Saying which neurons a layer needs.</summary>
    public required double PredictorMillis { get; init; }

    /// <summary>Saying which a later layer will need.</summary>
    public required double LookaheadMillis { get; init; }

    /// <summary>The neurons that are computed.</summary>
    public required double FfnMillis { get; init; }

    /// <summary>Waiting for the device with nothing else to do.</summary>
    public required double WaitMillis { get; init; }

    /// <summary>The device's work, beside all this.</summary>
    public required double DeviceMillis { get; init; }

    /// <summary>Everything but waiting: also processor time of reads.</summary>
    public double ComputeMillis => TotalMillis - WaitMillis;

    /// <summary>Of <see cref="ComputeMillis"/>, what reads take of the processors while they compute.</summary>
    public double OverheadMillis =>
        Math.Max(0, ComputeMillis - ResidentMillis - PredictorMillis - LookaheadMillis - FfnMillis);

    /// <summary>What of the device's work is hidden behind computing.</summary>
    public double HiddenMillis => Math.Max(0, DeviceMillis - WaitMillis);

    /// <summary>Tokens a second.</summary>
    public double TokensPerSecond => 1000 / TotalMillis;
}
