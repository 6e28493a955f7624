using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <content>
/// Many bundles for one row of x, as every generated token has them: the deciding rows side by side, then the up rows of those neurons
/// that are active.
/// </content>
public sealed partial class BundleKernels
{
    /// <summary>h[n] of every bundle.</summary>
    /// <param name="bundles">The neurons' bundles.</param>
    /// <param name="x">[Hidden].</param>
    /// <param name="h">[bundles.Count].</param>
    /// <param name="isDecided">Whether h has the values that decide, with their bias.</param>
    [SkipLocalsInit]
    private void ActivateForOne(BundleFrames bundles, ProductInput x, Span<float> h, bool isDecided)
    {
        if (bundles.Count > 0)
            Require.AtLeast(bundles[0].Length, _layout.PayloadBytes, nameof(bundles));
        Span<nint> rows = stackalloc nint[ActiveMax];
        Span<int> active = stackalloc int[ActiveMax];
        Span<float> ups = stackalloc float[ActiveMax];
        for (int begin = 0; begin < bundles.Count; begin += ActiveMax)
        {
            BundleFrames some = bundles.Slice(begin, Math.Min(bundles.Count, begin + ActiveMax));
            Span<float> values = h.Slice(begin, some.Count);
            if (!isDecided)
                MultiplyDeciding(some, x, rows, values);
            for (int n = 0; n < some.Count; n++)
                KeepActive(some[n], isDecided ? 0 : DecidingBias(some[n]), values.Slice(n, 1));

            if (_layout.Gated)
                MultiplyUps(some, x, rows, active[..CollectActive(values, 0, some.Count, active)], ups, values);
            else
                Shape(values);
        }
    }

    private void MultiplyDeciding(BundleFrames bundles, ProductInput x, Span<nint> rows, Span<float> values)
    {
        for (int n = 0; n < bundles.Count; n++)
            rows[n] = bundles.OffsetOf(n) + _layout.DecidingOffset;
        _rows.DotRows(new ScatteredRows(in bundles.Origin, rows[..bundles.Count]), x, values);
    }

    /// <summary>Makes of the gates of those bundles that are active their h.</summary>
    private void MultiplyUps(
        BundleFrames bundles, ProductInput x, Span<nint> rows, ReadOnlySpan<int> active, Span<float> ups, Span<float> values)
    {
        for (int i = 0; i < active.Length; i++)
            rows[i] = bundles.OffsetOf(active[i]) + _layout.UpOffset;
        _rows.DotRows(new ScatteredRows(in bundles.Origin, rows[..active.Length]), x, ups[..active.Length]);
        for (int i = 0; i < active.Length; i++)
        {
            ref float value = ref values[active[i]];
            value = _activation.Combine(value, _layout.Biased ? ups[i] + UpBias(bundles[active[i]]) : ups[i]);
        }
    }

    /// <summary>Adds the down columns of the neurons that fire; share: y's columns from columnBegin on.</summary>
    [SkipLocalsInit]
    private void AddDownToOne(BundleFrames bundles, ReadOnlySpan<float> h, Span<float> share, int columnBegin)
    {
        Span<nint> rows = stackalloc nint[ActiveMax];
        Span<int> active = stackalloc int[ActiveMax];
        Span<float> scales = stackalloc float[ActiveMax];
        ColumnRange range = Columns(columnBegin, columnBegin + share.Length);
        for (int begin = 0; begin < h.Length; begin += ActiveMax)
        {
            int count = CollectActive(h, begin, Math.Min(h.Length, begin + ActiveMax), active);
            for (int i = 0; i < count; i++)
                (rows[i], scales[i]) = (bundles.OffsetOf(active[i]) + _layout.DownOffset, h[active[i]]);
            _down.AddScaledRows(scales[..count], new ScatteredRows(in bundles.Origin, rows[..count]), range, share);
        }
    }
}
