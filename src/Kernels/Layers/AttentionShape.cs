namespace Neuralink.Kernels;

/// <summary>What one call of <see cref="Attention.Attend"/> covers.</summary>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="Heads">Query heads that share the key/value head: 1 up to the model's group size.</param>
/// <param name="Begin">The first position attended to (above 0 for a sliding window).</param>
/// <param name="End">One past the last: the query's own position + 1.</param>
public readonly record struct AttentionShape(int HeadDim, int Heads, int Begin, int End)
{
    /// <summary>Positions attended to.</summary>
    public int Positions => End - Begin;
}
