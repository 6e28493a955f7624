using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>
/// The binary16 to binary32 conversion by integer operations and exact arithmetic on normal numbers: .NET 10 offers no conversion
/// instruction, and a processor may take 150 cycles for arithmetic on a subnormal binary32 (Intel's do).
/// <para>
/// The magnitude is shifted so that exponent and mantissa stand where binary32 has them, and the difference of the exponents' biases
/// is added to the exponent. Read as a float this is u. With exponent field e and mantissa m, u is (1 + m/1024) 2^(e-15): the value of a
/// normal number. For e = 0 the value is m/1024 2^-14, which is 2 u - 2^-14. So for every e
/// </para>
/// <code>|value| = min(u, 2 u - 2^-14)</code>
/// <para>
/// because u is below 2^-14 for e = 0 only, and there the difference is exact. u is at least 2^-15, and the difference is zero or at least
/// 2^-24: no subnormal occurs. The sign bit is put back last, so -0 stays -0. Exponent 31 (infinity, NaN) comes out as a finite number:
/// such weights are refused earlier.
/// </para>
/// <para>
/// Where arithmetic on subnormal numbers is cheap (<see cref="SubnormalCost"/>), two operations and a multiplication do: sign and magnitude
/// are shifted together, and the product with 2^112 is exact for every e. A subnormal binary16 is a subnormal binary32 before the product.
/// </para>
/// </summary>
internal static class HalfBits
{
    /// <summary>Exponent and mantissa.</summary>
    public const int Magnitude = 0x7FFF;

    /// <summary>From the binary16's place of the mantissa to that of binary32.</summary>
    public const int Shift = 13;

    /// <summary>127 - 15, the difference of the biases, as a binary32 exponent.</summary>
    public const int Bias = 112 << 23;

    /// <summary>Sign, exponent and mantissa of a sign-extended binary16 after the shift.</summary>
    public const int SignedMagnitude = unchecked((int)0x8FFF_E000);

    /// <summary>2^112, the difference of the biases as a factor.</summary>
    public const float Scale = 5.192296858534828e33f;

    /// <summary>2^-14, the smallest normal binary16.</summary>
    public const float SmallestNormal = 1f / 16384;

    /// <summary>The largest finite binary16.</summary>
    public const float MaxValue = 65504f;

    /// <summary>One finite binary16, given by its bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Widen(short bits)
    {
        float u = BitConverter.Int32BitsToSingle(((bits & Magnitude) << Shift) + Bias);
        float magnitude = MathF.Min(u, (u + u) - SmallestNormal);
        return BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(magnitude) | (bits & int.MinValue));
    }
}
