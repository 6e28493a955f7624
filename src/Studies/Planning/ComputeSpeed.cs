namespace Neuralink.Studies.Planning;

/// <summary>What the engine's own code takes on a machine for a model's shapes, at one token a pass; milliseconds of a layer unless said otherwise.</summary>
/// <param name="AttentionMillis">Attention and norms.</param>
/// <param name="PredictorMillis">The exact predictor or a sketch; 0 for an oracle.</param>
/// <param name="LookaheadMillis">The same of whoever looks ahead.</param>
/// <param name="ActivateMillis">Gate and up rows of the neurons that are computed.</param>
/// <param name="DownMillis">Their down columns.</param>
/// <param name="LogitsMillis">Of the token.</param>
/// <param name="MessageMicros">Of a message to an actor that sleeps.</param>
/// <param name="CheckMicros">Of the checksum of a bundle.</param>
/// <param name="WarmUpMillis">What the first tokens of a process take longer, all together: their code is compiled meanwhile.</param>
public sealed record ComputeSpeed(
    double AttentionMillis, double PredictorMillis, double LookaheadMillis, double ActivateMillis, double DownMillis, double LogitsMillis, double MessageMicros,
    double CheckMicros, double WarmUpMillis);
