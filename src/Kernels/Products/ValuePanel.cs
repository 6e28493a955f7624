using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// Some columns of some rows of weights, decoded, [<see cref="Rows"/>, <see cref="Columns"/>] float32 in the first-level cache. They are
/// added to rows of y, each multiplied with a factor, by one fused multiply-add after the other.
/// </summary>
internal static class ValuePanel
{
    /// <summary>Rows of a panel.</summary>
    public const int Rows = 64;

    /// <summary>Columns of a panel: four registers of sixteen lanes.</summary>
    public const int Columns = 4 * PanelSizes.Lanes;

    /// <summary>Decodes columns of some rows, from row <paramref name="first"/> on; those that a panel has beyond them are 0.</summary>
    public static void Decode<TCodec, TLanes, TRows>(TRows rows, int first, int count, int column, int columns, Span<float> panel)
        where TCodec : struct, IWeightCodec
        where TLanes : struct, ILanes<TLanes>
        where TRows : IRowSource, allows ref struct
    {
        for (int n = 0; n < count; n++)
        {
            ref byte row = ref Unsafe.Add(ref Unsafe.AsRef(in rows.Row(first + n)), (nint)column * TCodec.WeightBytes);
            ref byte upcoming = ref Unsafe.Add(ref row, Columns * TCodec.WeightBytes);
            PanelPacking<TLanes>.Row<TCodec>(ref row, in upcoming, ref panel[n * Columns], columns, PanelSizes.Lanes);
            if (columns < Columns)
                panel.Slice((n * Columns) + columns, Columns - columns).Clear();
        }
    }

    /// <summary>y[c] = fma(factors[i], panel[chosen[i], c], y[c]) for each i in turn.</summary>
    public static void AddChosen<TLanes>(
        ReadOnlySpan<float> factors, ReadOnlySpan<byte> chosen, ReadOnlySpan<float> panel, Span<float> y)
        where TLanes : struct, ILanes<TLanes>
        => Add<TLanes, Chosen>(factors, new Chosen(chosen), panel, y);

    /// <summary>y[c] = fma(factors[i], panel[i, c], y[c]) for each i in turn.</summary>
    public static void AddAll<TLanes>(ReadOnlySpan<float> factors, ReadOnlySpan<float> panel, Span<float> y)
        where TLanes : struct, ILanes<TLanes>
        => Add<TLanes, InTurn>(factors, default, panel, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TLanes, TChoice>(ReadOnlySpan<float> factors, TChoice choice, ReadOnlySpan<float> panel, Span<float> y)
        where TLanes : struct, ILanes<TLanes>
        where TChoice : IChoice, allows ref struct
    {
        ref float origin = ref MemoryMarshal.GetReference(panel);
        if (y.Length == Columns)
        {
            AddWhole<TLanes, TChoice>(factors, choice, ref origin, ref MemoryMarshal.GetReference(y));
            return;
        }

        // The last columns are added beside ones that nobody wants.
        Span<float> ragged = stackalloc float[Columns];
        y.CopyTo(ragged);
        AddWhole<TLanes, TChoice>(factors, choice, ref origin, ref MemoryMarshal.GetReference(ragged));
        ragged[..y.Length].CopyTo(y);
    }

    private static void AddWhole<TLanes, TChoice>(ReadOnlySpan<float> factors, TChoice choice, ref float panel, ref float y)
        where TLanes : struct, ILanes<TLanes>
        where TChoice : IChoice, allows ref struct
    {
        const int Lanes = PanelSizes.Lanes;
        TLanes s0 = TLanes.Load(in y);
        TLanes s1 = TLanes.Load(in Unsafe.Add(ref y, Lanes));
        TLanes s2 = TLanes.Load(in Unsafe.Add(ref y, 2 * Lanes));
        TLanes s3 = TLanes.Load(in Unsafe.Add(ref y, 3 * Lanes));
        for (int i = 0; i < factors.Length; i++)
        {
            ref float row = ref Unsafe.Add(ref panel, choice.RowOf(i) * Columns);
            TLanes factor = TLanes.Broadcast(factors[i]);
            s0 = TLanes.FusedMultiplyAdd(factor, TLanes.Load(in row), s0);
            s1 = TLanes.FusedMultiplyAdd(factor, TLanes.Load(in Unsafe.Add(ref row, Lanes)), s1);
            s2 = TLanes.FusedMultiplyAdd(factor, TLanes.Load(in Unsafe.Add(ref row, 2 * Lanes)), s2);
            s3 = TLanes.FusedMultiplyAdd(factor, TLanes.Load(in Unsafe.Add(ref row, 3 * Lanes)), s3);
        }

        TLanes.Store(s0, ref y);
        TLanes.Store(s1, ref Unsafe.Add(ref y, Lanes));
        TLanes.Store(s2, ref Unsafe.Add(ref y, 2 * Lanes));
        TLanes.Store(s3, ref Unsafe.Add(ref y, 3 * Lanes));
    }

    /// <summary>Which row of a panel is added by which factor.</summary>
    private interface IChoice
    {
        public int RowOf(int index);
    }

    private readonly struct InTurn : IChoice
    {
        public int RowOf(int index) => index;
    }

    private readonly ref struct Chosen(ReadOnlySpan<byte> rows) : IChoice
    {
        private readonly ReadOnlySpan<byte> _rows = rows;

        public int RowOf(int index) => _rows[index];
    }
}
