using System.Diagnostics.CodeAnalysis;

namespace Neuralink.Kernels;

/// <summary>
/// How ggml stores quantized weights: neighbours in a row share a block, which has small integers and what they are scaled by. A row is
/// its blocks, nothing between. The names are ggml's: the bits of a weight; 0 where a level is scaled, 1 where something is added to that
/// too; K where blocks of 256 have scales of their own parts.
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "These are ggml's own names.")]
public enum BlockFormat
{
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q4_K,
    Q5_K,
    Q6_K,
}
