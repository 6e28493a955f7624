using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>
/// Products with weights of one format. Weights are bytes, row-major and little endian; activations and results are float32.
/// <para>
/// Sums have one order (see <see cref="ILanes{TSelf}"/>): the value for a (row, x) pair has the same bits from <see cref="Dot"/> and
/// from <see cref="MatMul"/> at any batch, any split of the rows and any instruction set. The engine relies on it: chunked prompts, a
/// gate recomputed from a bundle, and any number of threads give the same tokens.
/// </para>
/// Instances have no state; <see cref="For"/> returns the same one every time.
/// </summary>
public abstract class WeightKernels
{
    private static readonly WeightKernels F32 = Create<F32Codec>();
    private static readonly WeightKernels F16 = Create<F16Codec>();
    private static readonly WeightKernels BF16 = Create<BF16Codec>();

    private protected WeightKernels()
    {
    }

    /// <summary>The kernels of a format, on this machine's widest vectors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The format is none of the enumeration's.</exception>
    public static WeightKernels For(WeightFormat format) => format switch
    {
        WeightFormat.F32 => F32,
        WeightFormat.F16 => F16,
        WeightFormat.BF16 => BF16,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a weight format."),
    };

    /// <summary>Bytes of a row of <paramref name="columns"/> weights; also the byte offset of a column within a row.</summary>
    public abstract int RowBytes(int columns);

    /// <summary>sum over c of row[c] * x[c]. row: RowBytes(x.Length) bytes.</summary>
    public abstract float Dot(ReadOnlySpan<byte> row, ReadOnlySpan<float> x);

    /// <summary>
    /// y[b * OutputStride + OutputOffset + r] = sum over c of rows[r, c] * x[b, c], plus bias[r]. A worker passes its own rows only.
    /// </summary>
    /// <param name="rows">[RowCount, Columns] weights.</param>
    /// <param name="x">[Batch, Columns].</param>
    /// <param name="bias">[RowCount], or empty.</param>
    /// <param name="y">Reaches at least to the last element written; no other element is touched.</param>
    /// <param name="shape">The sizes.</param>
    public abstract void MatMul(
        ReadOnlySpan<byte> rows, ReadOnlySpan<float> x, ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape);

    /// <summary>y[c] = fma(scale, row[c], y[c]). Element-wise, so any split of the columns gives the same bits.</summary>
    public abstract void AddScaled(float scale, ReadOnlySpan<byte> row, Span<float> y);

    /// <summary>y[c] = row[c], exactly.</summary>
    public abstract void Decode(ReadOnlySpan<byte> row, Span<float> y);

    /// <summary>
    /// row[c] = x[c], rounded to nearest, ties to even. What is too large for the format becomes infinite: check <see cref="AllFinite"/>.
    /// </summary>
    public abstract void Encode(ReadOnlySpan<float> x, Span<byte> row);

    /// <summary>
    /// Whether every weight is finite. The products hold for finite weights only (an F16 infinity would be read as 65536), so what
    /// takes weights in checks them once.
    /// </summary>
    public abstract bool AllFinite(ReadOnlySpan<byte> row);

    /// <summary>
    /// The dots of two rows that lie one after the other (2 * RowBytes bytes), prefetching two rows that are read soon after (or none).
    /// </summary>
    internal abstract void DotTwo(ReadOnlySpan<byte> rows, ReadOnlySpan<float> x, ReadOnlySpan<byte> upcoming, out float y0, out float y1);

    /// <summary>
    /// <see cref="AddScaled"/> of four rows in turn, prefetching four that are read soon after. The rows' lengths are the caller's word:
    /// RowBytes(y.Length) each.
    /// </summary>
    internal abstract void AddScaledFour(ReadOnlySpan<float> scales, RowFour rows, RowFour upcoming, Span<float> y);

    /// <summary>The kernels on a stated instruction set, for the tests that hold the sets against each other.</summary>
    internal static WeightKernels Create<TCodec, TLanes, TPart>()
        where TCodec : struct, IWeightCodec
        where TLanes : struct, ILanes<TLanes>
        where TPart : struct, ILanePart<TPart>
        => new VectorWeightKernels<TCodec, TLanes, TPart>();

    private static WeightKernels Create<TCodec>()
        where TCodec : struct, IWeightCodec
        => Vector512.IsHardwareAccelerated ? Create<TCodec, Lanes512, LanePart512>()
            : Avx512F.IsSupported ? Create<TCodec, Lanes256, LanePart512>()
            : Vector256.IsHardwareAccelerated ? Create<TCodec, Lanes256, LanePart256>()
            : Create<TCodec, Lanes128, LanePart128>();
}
