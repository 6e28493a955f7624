namespace Neuralink.Studies.Planning;

/// <summary>What a generation will take by a certain memory: figures of one token, after the prompt.</summary>
/// <param name="Memory">How memory is shared out.</param>
/// <param name="CachedShare">Of all neurons, those that the cache holds.</param>
/// <param name="HitShare">Of the neurons wanted, those that are cached.</param>
/// <param name="ReadsPerToken">Reads, those ahead too.</param>
/// <param name="BytesPerToken">Bytes they bring.</param>
/// <param name="Costs">The parts of the time.</param>
/// <param name="Time">What they come to.</param>
/// <param name="WarmUpMillis">What the first tokens of a process take longer, all together.</param>
public sealed record GenerationPlan(
    MemoryPlan Memory, double CachedShare, double HitShare, double ReadsPerToken, double BytesPerToken, TokenCosts Costs, TokenTime Time, double WarmUpMillis)
{
    /// <summary>Tokens a second of a generation of so many in a new process.</summary>
    public double FirstTokensPerSecond(int tokens) => 1000 * tokens / ((tokens * Time.TotalMillis) + WarmUpMillis);
}
