using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// Sixty-four bytes, in as many registers as the instruction set needs: one of 512 bits, two of 256, or four of 128. All sums over them are
/// of integers and cannot overflow, so their order, and with it the instruction set, does not matter.
/// </summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
internal interface IByteLanes<TSelf>
    where TSelf : struct, IByteLanes<TSelf>
{
    /// <summary>Bytes of one value, whatever the instruction set.</summary>
    public const int Count = 64;

    /// <summary>All bytes zero.</summary>
    public static abstract TSelf Zero { get; }

    /// <summary>Loads 64 bytes; no alignment is needed.</summary>
    public static abstract TSelf Load(ref readonly byte source);

    /// <summary>
    /// The bits of <paramref name="mask"/> of every byte, after a shift to the right. The shift must not move
    /// another byte's bits under the mask.
    /// </summary>
    public static abstract TSelf Field(TSelf value, int shift, byte mask);

    /// <summary>Every byte, shifted to the left. What leaves a byte at the top must be zero.</summary>
    public static abstract TSelf ShiftLeft(TSelf value, int shift);

    /// <summary>Every byte, less <paramref name="subtrahend"/>.</summary>
    public static abstract TSelf SubtractBytes(TSelf value, byte subtrahend);

    /// <summary>left | right.</summary>
    public static abstract TSelf Or(TSelf left, TSelf right);

    /// <summary>
    /// The 64 products of <paramref name="weights"/> (bytes 0 to 15) and 64 values x (-127 to 127), added in
    /// pairs: 32 int16, of up to 3810.
    /// </summary>
    public static abstract TSelf Multiply(TSelf weights, ref readonly sbyte x);

    /// <summary>left + right as int16.</summary>
    public static abstract TSelf AddInt16(TSelf left, TSelf right);

    /// <summary>sums (16 int32) + products (32 int16), added in pairs.</summary>
    public static abstract TSelf AddWidened(TSelf sums, TSelf products);

    /// <summary>The sum of the 16 int32.</summary>
    public static abstract int Sum(TSelf sums);

    /// <summary>
    /// sums + the 64 products of <paramref name="weights"/> (bytes 0 to 15) and 64 values x (-127 to 127), added in fours: lane i of 16 has
    /// those of bytes 4 i to 4 i + 3, in whatever form the instruction set has. At most four times onto <see cref="Zero"/>.
    /// </summary>
    public static abstract TSelf AddFours(TSelf sums, TSelf weights, ref readonly sbyte x);

    /// <summary>Lanes i and i + 8 of sums that <see cref="AddFours"/> made, added.</summary>
    public static abstract Vector256<int> FoldFours(TSelf sums);

    /// <summary>The same as <see cref="AddFours"/> for signed weights (-128 to 127), as 16 int32.</summary>
    public static abstract TSelf AddSignedFours(TSelf sums, TSelf weights, ref readonly sbyte x);

    /// <summary>Lanes i and i + 8 of 16 int32, added.</summary>
    public static abstract Vector256<int> FoldInt32(TSelf sums);
}
