using System.Diagnostics.CodeAnalysis;

namespace Neuralink.Kernels;

/// <summary>
/// How the weights of a row are stored, little endian. In the float formats a row is its weights, nothing between. The block formats have
/// the numbers of ggml's formats of the same names: small integers, and a scale for each block of neighbours. Within a row they are
/// arranged anew (docs/formats/weights.md), so that 64 weights meet 64 values of x without a shuffle.
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "These are ggml's own names.")]
public enum WeightFormat
{
    /// <summary>IEEE 754 binary32, 4 bytes.</summary>
    F32 = 0,

    /// <summary>IEEE 754 binary16, 2 bytes. Finite values only: infinity and NaN are not represented.</summary>
    F16 = 1,

    /// <summary>bfloat16, the upper half of a binary32, 2 bytes. Finite values only, as for <see cref="F16"/>.</summary>
    BF16 = 2,

    /// <summary>Blocks of 32: a binary16 d and signed bytes q. w = d q. 1.0625 bytes.</summary>
    Q8_0 = 3,

    /// <summary>Blocks of 32: a binary16 d and 4 bits q. w = d (q - 8). 0.5625 bytes.</summary>
    Q4_0 = 4,

    /// <summary>
    /// Blocks of 256, with 8 scales and minima of 6 bits; 4 bits q. w = d scale q - dmin min. 0.578 bytes. Of matrices only.
    /// </summary>
    Q4_K = 5,

    /// <summary>Blocks of 256, with 16 scales of 8 bits; 6 bits q. w = d scale (q - 32). 0.82 bytes. Of matrices only.</summary>
    Q6_K = 6,
}
