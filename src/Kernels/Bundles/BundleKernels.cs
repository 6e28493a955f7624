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
/// over <see cref="BundleFrames"/> give the same bits as bundle after bundle, and two to three times the speed from DRAM: while one
/// bundle is computed they prefetch a later one.
/// </summary>
public sealed class BundleKernels
{
    // Batch columns whose up values are computed together; a stack buffer of this many floats.
    private const int ColumnsMax = 16;

    // How far ahead of the arithmetic memory is asked for: about a microsecond of it, and half of a first-level cache.
    private const int LookaheadBytes = 16 << 10;

    private readonly BundleLayout _layout;
    private readonly Activation _activation;
    private readonly WeightKernels _weights;

    /// <exception cref="ArgumentException">dReLU needs a gate, and a threshold must not be negative or NaN.</exception>
    public BundleKernels(BundleLayout layout, Activation activation)
        : this(layout, activation, WeightKernels.For(layout.Format))
    {
    }

    internal BundleKernels(BundleLayout layout, Activation activation, WeightKernels weights)
    {
        if (activation.Kind == ActivationKind.DRelu && !layout.Gated)
        {
            throw new ArgumentException("dReLU needs a gated layout.", nameof(activation));
        }

        // Below a negative threshold a skipped neuron would not be a zero.
        if (!(activation.Threshold >= 0f))
        {
            throw new ArgumentException($"Expected a threshold of at least 0, found {activation.Threshold}.", nameof(activation));
        }

        _layout = layout;
        _activation = activation;
        _weights = weights;
    }

    /// <summary>
    /// h[b] of one neuron. Gated: g = gate . x[b] + bias; 0 unless it fires, else g * (up . x[b] + bias), the latter rectified for
    /// dReLU. Plain: act(up . x[b] + bias). The gate (plain: up) value has the bits of <see cref="WeightKernels.MatMul"/>.
    /// </summary>
    /// <param name="bundle">The neuron's bundle.</param>
    /// <param name="x">[batch, Hidden], the FFN's input.</param>
    /// <param name="batch">Rows of x.</param>
    /// <param name="h">[batch].</param>
    public void Activate(ReadOnlySpan<byte> bundle, ReadOnlySpan<float> x, int batch, Span<float> h)
    {
        Require.Length(x.Length, (long)batch * _layout.Hidden, nameof(x));
        Require.Length(h.Length, batch, nameof(h));
        ActivateOne(bundle, x, h, []);
    }

    /// <summary>h[n, b] of every bundle of the view, as one after the other; h: [bundles.Count, batch].</summary>
    public void Activate(BundleFrames bundles, ReadOnlySpan<float> x, int batch, Span<float> h)
    {
        Require.Length(x.Length, (long)batch * _layout.Hidden, nameof(x));
        Require.Length(h.Length, (long)bundles.Count * batch, nameof(h));
        int ahead = Ahead(_layout.DownOffset);
        for (int n = 0; n < bundles.Count; n++)
        {
            ReadOnlySpan<byte> upcoming = n + ahead < bundles.Count ? bundles[n + ahead] : [];
            ActivateOne(bundles[n], x, h.Slice(n * batch, batch), upcoming);
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
        AddDownOne(bundle, h, y, columnBegin, columnEnd, []);
    }

    /// <summary>Adds the down columns of every bundle of the view, in its order; h: [bundles.Count, batch], y: [batch, Hidden].</summary>
    public void AddDown(BundleFrames bundles, ReadOnlySpan<float> h, Span<float> y, int batch, int columnBegin, int columnEnd)
    {
        Require.Length(h.Length, (long)bundles.Count * batch, nameof(h));
        ValidateShare(y, batch, columnBegin, columnEnd);
        int ahead = Ahead(_weights.RowBytes(columnEnd - columnBegin));
        for (int n = 0; n < bundles.Count; n++)
        {
            ReadOnlySpan<byte> upcoming = n + ahead < bundles.Count ? bundles[n + ahead] : [];
            AddDownOne(bundles[n], h.Slice(n * batch, batch), y, columnBegin, columnEnd, upcoming);
        }
    }

    /// <summary>How many bundles ahead to prefetch where each is read for so many bytes.</summary>
    private static int Ahead(int bytesEach) => Math.Max(1, LookaheadBytes / Math.Max(1, bytesEach));

    private void ActivateOne(ReadOnlySpan<byte> bundle, ReadOnlySpan<float> x, Span<float> h, ReadOnlySpan<byte> upcoming)
    {
        Require.AtLeast(bundle.Length, _layout.PayloadBytes, nameof(bundle));
        int firing = FiringOf(bundle, x, h, upcoming);
        if (_layout.Gated && firing > 0)
        {
            MultiplyUp(bundle, x, h, firing, upcoming);
        }
    }

    /// <summary>The rectified gate (plain: up) values into h; returns how many fire.</summary>
    private int FiringOf(ReadOnlySpan<byte> bundle, ReadOnlySpan<float> x, Span<float> h, ReadOnlySpan<byte> upcoming)
    {
        // The first part is the gate row of a gated bundle and the up row of a plain one, and its bias is the first bias.
        ReadOnlySpan<byte> row = Part(bundle, 0);
        if (h.Length == 1)
        {
            h[0] = _weights.Dot(row, x, Part(upcoming, 0));
        }
        else
        {
            _weights.MatMul(row, x, [], h, MatMulShape.Whole(1, _layout.Hidden, h.Length));
        }

        float bias = _layout.Biased ? BiasOf(bundle, 0) : 0f;
        int firing = 0;
        for (int b = 0; b < h.Length; b++)
        {
            float gate = _layout.Biased ? h[b] + bias : h[b];
            bool fires = _activation.Fires(gate);
            h[b] = fires ? gate : 0f;
            firing += fires ? 1 : 0;
        }

        return firing;
    }

    [SkipLocalsInit]
    private void MultiplyUp(ReadOnlySpan<byte> bundle, ReadOnlySpan<float> x, Span<float> h, int firing, ReadOnlySpan<byte> upcoming)
    {
        ReadOnlySpan<byte> row = Part(bundle, _layout.UpOffset);
        ReadOnlySpan<byte> upcomingRow = Part(upcoming, _layout.UpOffset);
        float bias = _layout.Biased ? BiasOf(bundle, 1) : 0f;

        // Where few of the batch fire, their sums one by one cost less than everybody's in tiles; the bits are the same.
        bool tiled = firing * 2 >= h.Length && h.Length > 1;
        Span<float> ups = stackalloc float[ColumnsMax];
        for (int begin = 0; begin < h.Length; begin += ColumnsMax)
        {
            int count = Math.Min(ColumnsMax, h.Length - begin);
            if (tiled)
            {
                ReadOnlySpan<float> columns = x.Slice(begin * _layout.Hidden, count * _layout.Hidden);
                _weights.MatMul(row, columns, [], ups[..count], MatMulShape.Whole(1, _layout.Hidden, count));
            }

            for (int i = 0; i < count; i++)
            {
                ref float value = ref h[begin + i];
                if (value != 0f)
                {
                    float up = tiled ? ups[i] : _weights.Dot(row, x.Slice((begin + i) * _layout.Hidden, _layout.Hidden), upcomingRow);
                    value = _activation.Combine(value, _layout.Biased ? up + bias : up);
                }
            }
        }
    }

    private void AddDownOne(
        ReadOnlySpan<byte> bundle, ReadOnlySpan<float> h, Span<float> y, int columnBegin, int columnEnd, ReadOnlySpan<byte> upcoming)
    {
        Require.AtLeast(bundle.Length, _layout.PayloadBytes, nameof(bundle));
        int offsetBytes = _weights.RowBytes(columnBegin);
        int columns = columnEnd - columnBegin;
        ReadOnlySpan<byte> down = bundle.Slice(_layout.DownOffset + offsetBytes, _weights.RowBytes(columns));
        ReadOnlySpan<byte> upcomingDown = upcoming.IsEmpty ? [] : upcoming[(_layout.DownOffset + offsetBytes)..];
        for (int b = 0; b < h.Length; b++)
        {
            if (h[b] != 0f)
            {
                _weights.AddScaled(h[b], down, y.Slice((b * _layout.Hidden) + columnBegin, columns), upcomingDown);
            }
        }
    }

    private ReadOnlySpan<byte> Part(ReadOnlySpan<byte> bundle, int offset)
        => bundle.IsEmpty ? [] : bundle.Slice(offset, _layout.PartBytes);

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
