using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <content>
/// Many bundles for many rows of x, as a prompt has them: the gates of all by one product over panels, then the up rows for those rows of x
/// that want them.
/// </content>
public sealed partial class BundleKernels
{
    // Rows of x whose up values are computed while they are in the second-level cache, in bytes.
    private const int UpBytes = 384 << 10;

    // Bundles whose rows stay in the third-level cache meanwhile.
    private const int UpBundles = 256;

    private void ActivateMany(BundleFrames bundles, ProductInput x, int batch, Span<float> h)
    {
        BundleParts deciding = new(bundles, _layout.DecidingOffset, _layout.RowBytes);
        _rows.MatMulParts(deciding, x, _layout.Hidden, batch, new ResultsByRow(ref MemoryMarshal.GetReference(h), batch));
        long active = 0;
        for (int n = 0; n < bundles.Count; n++)
            active += KeepActive(bundles[n], DecidingBias(bundles[n]), h.Slice(n * batch, batch));

        if (!_layout.Gated)
            Shape(h);
        else if (active * 2 >= h.Length)
            MultiplyUps(bundles, x, batch, h);
        else
            MultiplyWantedUps(bundles, x, batch, h);
    }

    /// <summary>All up values by one product: where most are wanted.</summary>
    private void MultiplyUps(BundleFrames bundles, ProductInput x, int batch, Span<float> h)
    {
        BundleParts ups = new(bundles, _layout.UpOffset, _layout.RowBytes);
        _rows.MatMulParts(ups, x, _layout.Hidden, batch, new Ups(this, bundles, h, batch));
    }

    /// <summary>Only the up values that are wanted, for so many rows of x at a time that these stay in the cache.</summary>
    private void MultiplyWantedUps(BundleFrames bundles, ProductInput x, int batch, Span<float> h)
    {
        int rows = Math.Clamp(UpBytes / (_layout.Hidden * sizeof(float)), 8, ActiveMax);
        for (int first = 0; first < bundles.Count; first += UpBundles)
        {
            int end = Math.Min(bundles.Count, first + UpBundles);
            for (int b = 0; b < batch; b += rows)
            {
                int count = Math.Min(rows, batch - b);
                ProductInput inputs = x.Rows(b, count, _layout.Hidden);
                for (int n = first; n < end; n++)
                    MultiplyWantedUp(bundles[n], inputs, h.Slice((n * batch) + b, count));
            }
        }
    }

    [SkipLocalsInit]
    private void MultiplyWantedUp(ReadOnlySpan<byte> bundle, ProductInput x, Span<float> h)
    {
        Span<int> active = stackalloc int[ActiveMax];
        Span<float> ups = stackalloc float[ActiveMax];
        for (int begin = 0; begin < h.Length; begin += ActiveMax)
        {
            int count = CollectActive(h, begin, Math.Min(h.Length, begin + ActiveMax), active);
            _rows.DotChosen(bundle.Slice(_layout.UpOffset, _layout.RowBytes), x, _layout.Hidden, active[..count], ups);
            float bias = UpBias(bundle);
            for (int i = 0; i < count; i++)
            {
                ref float value = ref h[active[i]];
                value = _activation.Combine(value, _layout.Biased ? ups[i] + bias : ups[i]);
            }
        }
    }

    private float UpBias(ReadOnlySpan<byte> bundle) => _layout.Biased ? BiasOf(bundle, _layout.BiasCount - 1) : 0f;

    /// <summary>Combines the up values of a block with its gates.</summary>
    private readonly ref struct Ups(BundleKernels owner, BundleFrames bundles, Span<float> h, int batch) : IPanelResults
    {
        private readonly BundleFrames _bundles = bundles;
        private readonly Span<float> _h = h;

        public void Take(ref readonly float results, PanelBlock block)
        {
            for (int r = 0; r < block.RowCount; r++)
            {
                int n = block.Row + r;
                float bias = owner.UpBias(_bundles[n]);
                Span<float> values = _h.Slice((n * batch) + block.Input, block.InputCount);
                for (int i = 0; i < values.Length; i++)
                {
                    float up = Unsafe.Add(ref Unsafe.AsRef(in results), (i * PanelSizes.Rows) + r);
                    if (values[i] != 0f)
                        values[i] = owner._activation.Combine(values[i], owner._layout.Biased ? up + bias : up);
                }
            }
        }
    }
}
