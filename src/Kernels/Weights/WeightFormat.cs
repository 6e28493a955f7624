namespace Neuralink.Kernels;

/// <summary>How one weight is stored. All formats are little endian and dense: a row is its weights, nothing between.</summary>
public enum WeightFormat
{
    /// <summary>IEEE 754 binary32, 4 bytes.</summary>
    F32 = 0,

    /// <summary>IEEE 754 binary16, 2 bytes. Finite values only: infinity and NaN are not represented.</summary>
    F16 = 1,

    /// <summary>bfloat16, the upper half of a binary32, 2 bytes. Finite values only, as for <see cref="F16"/>.</summary>
    BF16 = 2,
}
