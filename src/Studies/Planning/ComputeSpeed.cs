namespace Neuralink.Studies.Planning;

/// <summary>
/// What the engine's own code takes on a machine for a model's shapes, at one token a pass; milliseconds of a layer unless said otherwise.
/// </summary>
public sealed record ComputeSpeed
{
    /// <summary>Attention and norms.</summary>
    public required double AttentionMillis { get; init; }

    /// <summary>The exact predictor or a sketch; 0 for an oracle.</summary>
    public required double PredictorMillis { get; init; }

    /// <summary>The same of whoever looks ahead.</summary>
    public required double LookaheadMillis { get; init; }

    /// <summary>Gate and up rows of the neurons that are computed.</summary>
    public required double ActivateMillis { get; init; }

    /// <summary>Their down columns.</summary>
    public required double DownMillis { get; init; }

    /// <summary>How many neurons those are.</summary>
    public required int Neurons { get; init; }

    /// <summary>Of the token.</summary>
    public required double LogitsMillis { get; init; }

    /// <summary>Of a message to an actor that sleeps.</summary>
    public required double MessageMicros { get; init; }

    /// <summary>Of the checksum of a bundle.</summary>
    public required double CheckMicros { get; init; }

    /// <summary>What the first tokens of a process take longer, all together: their code is compiled meanwhile.</summary>
    public required double WarmUpMillis { get; init; }
}
