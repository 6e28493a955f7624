using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>
/// Approximate products with a matrix kept in 2, 3 or 4 bits a weight: an eighth to a quarter of its f16 bytes, read at nearly the
/// bandwidth of memory. A row has one scale, x is quantised to 8 bits (<see cref="SketchInput"/>), and all that is summed are integers: a
/// product has the same bits at any batch, split of the rows and instruction set.
/// <para>
/// The levels are uniform and have no zero (-3, -1, 1, 3 times the scale for 2 bits): of so few levels, none is to spare for a weight
/// of exactly zero (Max 1960, "Quantizing for Minimum Distortion", table 2: for a normal weight the mean squared error is 0.119,
/// 0.037 and 0.012 of its variance).
/// </para>
/// Instances have no state; <see cref="For"/> returns the same one every time.
/// </summary>
public abstract class SketchKernels
{
    /// <summary>The widest row: twice the largest sum of its products is still an int32.</summary>
    public const int ColumnsMax = 1 << 19;

    private static readonly SketchKernels Two = Create<TwoBitCodec>();
    private static readonly SketchKernels Three = Create<ThreeBitCodec>();
    private static readonly SketchKernels Four = Create<FourBitCodec>();

    private protected SketchKernels()
    {
    }

    /// <summary>The kernels of a number of bits, on this machine's widest vectors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 2, 3 or 4.</exception>
    public static SketchKernels For(int bits) => bits switch
    {
        2 => Two,
        3 => Three,
        4 => Four,
        _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "A sketch has 2, 3 or 4 bits a weight."),
    };

    /// <summary>Columns of a row with its padding: a multiple of 256, for 3 bits of 512.</summary>
    public abstract int PaddedColumns(int columns);

    /// <summary>Bytes of the packed weights of a row, its padding included.</summary>
    public abstract int RowBytes(int columns);

    /// <summary>Quantises one row of finite weights, with the scale that leaves the least error.</summary>
    /// <param name="row">[columns].</param>
    /// <param name="scratch">[columns], overwritten.</param>
    /// <param name="packed">RowBytes(columns) bytes.</param>
    public abstract SketchRow Encode(ReadOnlySpan<float> row, Span<float> scratch, Span<byte> packed);

    /// <summary>y[b * OutputStride + OutputOffset + r] = sum over c of rows~[r, c] * x~[b, c]. A worker passes its own rows only.</summary>
    /// <param name="packed">[RowCount] rows of RowBytes(Columns) bytes.</param>
    /// <param name="rows">[RowCount], their scales.</param>
    /// <param name="x">[Batch, PaddedColumns(Columns)], as <see cref="SketchInput.Quantize"/> made it.</param>
    /// <param name="inputs">[Batch], the scales of x.</param>
    /// <param name="y">Reaches at least to the last element written; no other element is touched.</param>
    /// <param name="shape">The sizes.</param>
    public abstract void MatMul(
        ReadOnlySpan<byte> packed, ReadOnlySpan<SketchRow> rows, ReadOnlySpan<sbyte> x, ReadOnlySpan<SketchInput> inputs, Span<float> y,
        MatMulShape shape);

    /// <summary>The kernels on a stated instruction set, for the tests that hold the sets against each other.</summary>
    internal static SketchKernels Create<TCodec, TLanes>()
        where TCodec : struct, ISketchCodec
        where TLanes : struct, IByteLanes<TLanes>
        => new VectorSketchKernels<TCodec, TLanes>();

    private static SketchKernels Create<TCodec>()
        where TCodec : struct, ISketchCodec
        => Avx512BW.IsSupported ? Create<TCodec, ByteLanes512>()
            : Vector256.IsHardwareAccelerated ? Create<TCodec, ByteLanes256>()
            : Create<TCodec, ByteLanes128>();
}
