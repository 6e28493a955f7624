namespace Neuralink.Kernels;

/// <summary>
/// Sixteen float32 lanes, in as many registers as the instruction set needs: one of 512 bits, two of 256, or four of 128.
/// <para>
/// The number of lanes is the same everywhere on purpose. A sum over columns is defined once, for all formats, tiles, row splits and
/// instruction sets: column c is added to lane c mod 16 by a fused multiply-add, in ascending order of c, and <see cref="Sum"/> folds
/// the lanes in halves (16, 8, 4, 2, 1). So a dot product has the same bits wherever it is computed, and a narrow machine's tokens are
/// a wide machine's.
/// </para>
/// The engine picks the implementation once; the loops are generic over it, and the JIT compiles one body for each.
/// </summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
internal interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Lanes of one value, whatever the instruction set.</summary>
    public const int Count = 16;

    /// <summary>Whether the register file holds a tile of 2 rows by 4 columns of accumulators (else 2 by 2 is used).</summary>
    public static abstract bool HoldsWideTiles { get; }

    /// <summary>All lanes zero.</summary>
    public static abstract TSelf Zero { get; }

    /// <summary>All lanes <paramref name="value"/>.</summary>
    public static abstract TSelf Broadcast(float value);

    /// <summary>Loads 16 float32 values; no alignment is needed.</summary>
    public static abstract TSelf Load(ref readonly float source);

    /// <summary>Loads 16 binary16 values (finite ones) and widens them exactly.</summary>
    public static abstract TSelf LoadF16(ref readonly short source);

    /// <summary>The same by a multiplication of subnormal numbers, for processors on which it is cheap.</summary>
    public static abstract TSelf LoadF16BySubnormals(ref readonly short source);

    /// <summary>Loads 16 bfloat16 values and widens them exactly.</summary>
    public static abstract TSelf LoadBF16(ref readonly ushort source);

    /// <summary>Loads 16 signed bytes as float32.</summary>
    public static abstract TSelf LoadInt8(ref readonly sbyte source);

    /// <summary>Loads 16 bytes: the lower four bits of each, and the upper four, less 8, as float32.</summary>
    public static abstract void LoadNibbles(ref readonly byte source, out TSelf low, out TSelf high);

    /// <summary>Stores 16 float32 values.</summary>
    public static abstract void Store(TSelf value, ref float destination);

    /// <summary>left + right, lane by lane.</summary>
    public static abstract TSelf Add(TSelf left, TSelf right);

    /// <summary>left * right + addend, rounded once, lane by lane.</summary>
    public static abstract TSelf FusedMultiplyAdd(TSelf left, TSelf right, TSelf addend);

    /// <summary>The sum of the 16 lanes, folded in halves: lane i + lane i+8, then i+4, i+2, i+1.</summary>
    public static abstract float Sum(TSelf value);
}
