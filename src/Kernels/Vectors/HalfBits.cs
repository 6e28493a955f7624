namespace Neuralink.Kernels;

/// <summary>
/// Constants of the binary16 to binary32 conversion without conversion instructions: sign-extend the 16 bits to 32, shift left by 13 so
/// that exponent and mantissa stand where binary32 has them, mask the copies of the sign, and multiply by 2^112, the difference of the
/// exponents' biases. The product is exact for every finite value; a binary16 subnormal is a binary32 subnormal before the
/// multiplication and normal after it. Exponent 31 (infinity, NaN) comes out as a finite number: such weights are refused earlier.
/// </summary>
internal static class HalfBits
{
    public const int Shift = 13;

    /// <summary>The sign (bit 31) and the binary16's exponent and mantissa (bits 13 to 27).</summary>
    public const int Mask = unchecked((int)0x8FFFE000);

    /// <summary>2^112 = 2^(127 - 15).</summary>
    public const float Scale = 5192296858534827628530496329220096f;

    /// <summary>The largest finite binary16.</summary>
    public const float MaxValue = 65504f;
}
