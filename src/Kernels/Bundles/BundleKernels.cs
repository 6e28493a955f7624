using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// The fused sparse FFN over bundles: y[b] += sum over neurons n of h[n, b] * down[n], in two steps.
/// <para>
/// Activate computes h of one neuron and is independent of all other neurons, so workers split the neurons. AddDown adds one neuron's
/// down column; callers go over the neurons in ascending id and split the columns. So the result depends neither on the number of
/// workers nor on the order in which bundles arrive from flash.
/// </para>
/// A bundle is any span that holds at least its payload (a frame of <see cref="BundleLayout.StrideBytes"/> as a rule). The forms
/// over <see cref="BundleFrames"/> give the same bits as bundle after bundle, and two to three times the speed from DRAM: they read
/// several bundles side by side and meanwhile prefetch later ones.
/// </summary>
public sealed partial class BundleKernels
{
    // Batch columns whose up values are computed together; a stack buffer of this many floats.
    private const int ColumnsMax = 16;

    // Columns whose squares are summed at a time, on the stack.
    private const int NormColumns = 256;

    // Indices of active neurons collected at a time, on the stack.
    private const int ActiveMax = 512;

    private readonly BundleLayout _layout;
    private readonly Activation _activation;
    private readonly WeightKernels _rows;
    private readonly WeightKernels _down;
    private readonly bool _weighs;      // a plain neuron's value by its down column's norm

    /// <param name="layout">Of the bundles.</param>
    /// <param name="activation">The model's.</param>
    /// <exception cref="ArgumentException">dReLU needs a gate, and a threshold must not be negative or NaN.</exception>
    public BundleKernels(BundleLayout layout, Activation activation)
        : this(layout, activation, WeightKernels.For(layout.Format.Rows), WeightKernels.For(layout.Format.Down))
    {
    }

    internal BundleKernels(BundleLayout layout, Activation activation, WeightKernels rows, WeightKernels down)
    {
        if (activation.Kind == ActivationKind.DRelu && !layout.Gated)
            throw new ArgumentException("dReLU needs a gated layout.", nameof(activation));

        // Below a negative threshold a skipped neuron would not be a zero.
        if (!(activation.Threshold >= 0f))
            throw new ArgumentException($"Expected a threshold of at least 0, found {activation.Threshold}.", nameof(activation));

        _layout = layout;
        _activation = activation;
        _rows = rows;
        _down = down;
        _weighs = !layout.Gated && activation is { IsRectified: false, IsSparse: true };
    }

    /// <summary>The layout of the bundles.</summary>
    public BundleLayout Layout => _layout;

    /// <summary>
    /// h[b] of one neuron. Gated: g = gate . x[b] + bias; 0 unless it fires, else g * (up . x[b] + bias), the latter rectified for
    /// dReLU. Plain: act(up . x[b] + bias). The gate (plain: up) value has the bits of <see cref="WeightKernels.MatMul"/>.
    /// The up row is read only where the gate fires.
    /// </summary>
    /// <param name="bundle">The neuron's bundle.</param>
    /// <param name="x">[batch, Hidden], the FFN's input.</param>
    /// <param name="batch">Rows of x.</param>
    /// <param name="h">[batch].</param>
    /// <exception cref="InvalidOperationException">The bundle has no deciding row.</exception>
    public void Activate(ReadOnlySpan<byte> bundle, ProductInput x, int batch, Span<float> h)
    {
        Require.Length(x.Values.Length, (long)batch * _layout.Hidden, nameof(x));
        Require.Length(h.Length, batch, nameof(h));
        ActivateOne(bundle, x, h);
    }

    /// <summary>h[n, b] of every bundle of the view, as one after the other; h: [bundles.Count, batch].</summary>
    public void Activate(BundleFrames bundles, ProductInput x, int batch, Span<float> h)
    {
        Require.Length(x.Values.Length, (long)batch * _layout.Hidden, nameof(x));
        Require.Length(h.Length, (long)bundles.Count * batch, nameof(h));
        if (!_layout.HasDeciding)
            throw WithoutDeciding();
        if (batch == 1)
            ActivateForOne(bundles, x, h, isDecided: false);
        else if (PanelSizes.IsWorthPacking(bundles.Count, batch))
            ActivateMany(bundles, x, batch, h);
        else
        {
            for (int n = 0; n < bundles.Count; n++)
                ActivateOne(bundles[n], x, h.Slice(n * batch, batch));
        }
    }

    /// <summary>
    /// What Activate makes of one neuron, from its gate (plain: up) values computed elsewhere: where a dense pass has them from one product
    /// of the whole matrix, or where the bundle does not have its deciding row, only the up row is left to do.
    /// </summary>
    /// <param name="bundle">The neuron's bundle.</param>
    /// <param name="x">[batch, Hidden], the FFN's input.</param>
    /// <param name="active">How many of the batch fire.</param>
    /// <param name="h">[batch], the values of those that fire and 0 for the others; becomes h as Activate gives it.</param>
    public void ActivateGated(ReadOnlySpan<byte> bundle, ProductInput x, int active, Span<float> h)
    {
        Require.Length(x.Values.Length, (long)h.Length * _layout.Hidden, nameof(x));
        Require.AtLeast(bundle.Length, _layout.PayloadBytes, nameof(bundle));
        if (active == 0)
            return;
        if (_layout.Gated)
            MultiplyUp(bundle, x, h, active);
        else
            Shape(h);
    }

    /// <summary>
    /// What Activate makes of every bundle of the view, none of which has its deciding row, from their gate (plain: up) values with their
    /// bias, of active rows or not.
    /// </summary>
    /// <param name="bundles">The neurons' bundles.</param>
    /// <param name="x">[batch, Hidden], the FFN's input.</param>
    /// <param name="batch">Rows of x.</param>
    /// <param name="h">[bundles.Count, batch], the values; becomes h as Activate gives it.</param>
    public void ActivateDecided(BundleFrames bundles, ProductInput x, int batch, Span<float> h)
    {
        Require.Length(x.Values.Length, (long)batch * _layout.Hidden, nameof(x));
        Require.Length(h.Length, (long)bundles.Count * batch, nameof(h));
        if (batch == 1)
        {
            ActivateForOne(bundles, x, h, isDecided: true);
            return;
        }

        for (int n = 0; n < bundles.Count; n++)
        {
            Span<float> values = h.Slice(n * batch, batch);
            ActivateGated(bundles[n], x, KeepActive(bundles[n], bias: 0, values), values);
        }
    }

    /// <summary>y[b, c] = fma(h[b], down[c], y[b, c]) for c in [columnBegin, columnEnd); rows whose h is 0 are left alone.</summary>
    /// <param name="bundle">The neuron's bundle.</param>
    /// <param name="h">[batch], from Activate.</param>
    /// <param name="y">[batch, Hidden].</param>
    /// <param name="batch">Rows of y.</param>
    /// <param name="columnBegin">The first column of this worker's share.</param>
    /// <param name="columnEnd">One past the last.</param>
    public void AddDown(ReadOnlySpan<byte> bundle, ReadOnlySpan<float> h, Span<float> y, int batch, int columnBegin, int columnEnd)
    {
        Require.Length(h.Length, batch, nameof(h));
        ValidateShare(y, batch, columnBegin, columnEnd);
        AddDownOne(bundle, h, y, columnBegin, columnEnd);
    }

    /// <summary>Adds the down columns of every bundle of the view, in its order; h: [bundles.Count, batch], y: [batch, Hidden].</summary>
    public void AddDown(BundleFrames bundles, ReadOnlySpan<float> h, Span<float> y, int batch, int columnBegin, int columnEnd)
    {
        Require.Length(h.Length, (long)bundles.Count * batch, nameof(h));
        ValidateShare(y, batch, columnBegin, columnEnd);
        if (batch == 1)
        {
            AddDownToOne(bundles, h, y[columnBegin..columnEnd], columnBegin);
            return;
        }

        BundleParts parts = new(bundles, _layout.DownOffset, _layout.DownBytes);
        _down.AddScaledParts(parts, h, batch, y, Columns(columnBegin, columnEnd));
    }

    /// <summary>sqrt(sum over c of down[c]^2) of a neuron; the same call gives the same bits.</summary>
    [SkipLocalsInit]
    public float DownNorm(ReadOnlySpan<byte> bundle)
    {
        Require.AtLeast(bundle.Length, _layout.PayloadBytes, nameof(bundle));
        Span<float> piece = stackalloc float[NormColumns];
        float sum = 0;
        for (int begin = 0; begin < _layout.Hidden; begin += NormColumns)
        {
            int end = Math.Min(begin + NormColumns, _layout.Hidden);
            _down.Decode(DownOf(bundle), Columns(begin, end), piece[..(end - begin)]);
            sum += Reductions.SumOfSquares(piece[..(end - begin)]);
        }

        return MathF.Sqrt(sum);
    }

    private void ActivateOne(ReadOnlySpan<byte> bundle, ProductInput x, Span<float> h)
    {
        if (!_layout.HasDeciding)
            throw WithoutDeciding();
        Require.AtLeast(bundle.Length, _layout.PayloadBytes, nameof(bundle));
        if (ActiveOf(bundle, x, h) is > 0 and int active)
            ActivateGated(bundle, x, active, h);
    }

    private static InvalidOperationException WithoutDeciding() =>
        new("The bundle does not have what decides; ActivateDecided takes it.");

    /// <summary>Of a plain bundle: what becomes of the up values of a neuron, 0 where it is not active.</summary>
    private void Shape(Span<float> h)
    {
        foreach (ref float value in h)
            value = value == 0f ? 0f : _activation.Value(value);
    }

    /// <summary>The rectified gate (plain: up) values into h; returns how many fire.</summary>
    private int ActiveOf(ReadOnlySpan<byte> bundle, ProductInput x, Span<float> h)
    {
        // The first part is the gate row of a gated bundle and the up row of a plain one, and its bias is the first bias.
        _rows.MatMul(bundle[.._layout.RowBytes], x, [], h, MatMulShape.Whole(1, _layout.Hidden, h.Length));
        return KeepActive(bundle, DecidingBias(bundle), h);
    }

    /// <summary>Adds the bias to gate (plain: up) values and makes those zero that are not active; returns how many are.</summary>
    private int KeepActive(ReadOnlySpan<byte> bundle, float bias, Span<float> h)
    {
        float weight = _weighs ? DownNorm(bundle) : 1f;
        int active = 0;
        for (int b = 0; b < h.Length; b++)
        {
            float gate = h[b] + bias;
            bool isActive = _activation.IsActive(gate, weight);
            h[b] = isActive ? gate : 0f;
            active += isActive ? 1 : 0;
        }

        return active;
    }

    private float DecidingBias(ReadOnlySpan<byte> bundle) => _layout.Biased ? BiasOf(bundle, 0) : 0f;

    [SkipLocalsInit]
    private void MultiplyUp(ReadOnlySpan<byte> bundle, ProductInput x, Span<float> h, int active)
    {
        ReadOnlySpan<byte> row = bundle.Slice(_layout.UpOffset, _layout.RowBytes);
        float bias = _layout.Biased ? BiasOf(bundle, _layout.BiasCount - 1) : 0f;

        // Where few of the batch fire, their sums one by one cost less than everybody's in tiles; the bits are the same.
        bool tiled = active * 2 >= h.Length && h.Length > 1;
        Span<float> ups = stackalloc float[ColumnsMax];
        for (int begin = 0; begin < h.Length; begin += ColumnsMax)
        {
            int count = Math.Min(ColumnsMax, h.Length - begin);
            if (tiled)
                _rows.MatMul(row, x.Rows(begin, count, _layout.Hidden), [], ups[..count], MatMulShape.Whole(1, _layout.Hidden, count));

            for (int i = 0; i < count; i++)
            {
                ref float value = ref h[begin + i];
                if (value != 0f)
                {
                    float up = tiled ? ups[i] : _rows.Dot(row, x.Rows(begin + i, 1, _layout.Hidden));
                    value = _activation.Combine(value, _layout.Biased ? up + bias : up);
                }
            }
        }
    }

    private void AddDownOne(ReadOnlySpan<byte> bundle, ReadOnlySpan<float> h, Span<float> y, int columnBegin, int columnEnd)
    {
        int columns = columnEnd - columnBegin;
        ReadOnlySpan<byte> down = DownOf(bundle);
        ColumnRange range = Columns(columnBegin, columnEnd);
        for (int b = 0; b < h.Length; b++)
        {
            if (h[b] != 0f)
                _down.AddScaled(h[b], down, range, y.Slice((b * _layout.Hidden) + columnBegin, columns));
        }
    }

    private static int CollectActive(ReadOnlySpan<float> h, int begin, int end, Span<int> active)
    {
        int count = 0;
        for (int n = begin; n < end; n++)
        {
            active[count] = n;
            count += h[n] != 0f ? 1 : 0;
        }

        return count;
    }

    private ReadOnlySpan<byte> DownOf(ReadOnlySpan<byte> bundle) => bundle.Slice(_layout.DownOffset, _layout.DownBytes);

    private ColumnRange Columns(int begin, int end) => new(_layout.Hidden, begin, end);

    private float BiasOf(ReadOnlySpan<byte> bundle, int index)
        => MemoryMarshal.Read<float>(bundle[(_layout.BiasOffset + (index * sizeof(float)))..]);

    private void ValidateShare(Span<float> y, int batch, int columnBegin, int columnEnd)
    {
        Require.Length(y.Length, (long)batch * _layout.Hidden, nameof(y));
        Require.NotNegative(columnBegin, nameof(columnBegin));
        Require.AtLeast(columnEnd, columnBegin, nameof(columnEnd));
        Require.AtLeast(_layout.Hidden, columnEnd, nameof(columnEnd));
    }
}
