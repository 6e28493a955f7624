using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>The FFN over bundles as its formula reads, part by part: what the fused kernels are tested against.</summary>
internal static class BundleReference
{
    /// <summary>h[b] of one neuron, with the canonical sums.</summary>
    public static void Activate(
        BundleLayout layout, Activation activation, ReadOnlySpan<byte> bundle, ReadOnlySpan<float> x, Span<float> h)
    {
        float weight = 1;
        if (!layout.Gated && activation is { IsRectified: false, IsSparse: true })
        {
            float[] down = new float[layout.Hidden];
            WeightKernels.For(layout.Format.Down).Decode(bundle.Slice(layout.DownOffset, layout.DownBytes), down);
            weight = (float)Math.Sqrt(down.Sum(d => (double)d * d));
        }

        for (int b = 0; b < h.Length; b++)
        {
            ReadOnlySpan<float> input = x.Slice(b * layout.Hidden, layout.Hidden);
            float up = WeightReference.CanonicalDot(layout.Format.Rows, bundle.Slice(layout.UpOffset, layout.RowBytes), input);
            float gate = up;
            if (layout.Gated)
                gate = WeightReference.CanonicalDot(layout.Format.Rows, bundle.Slice(layout.DecidingOffset, layout.RowBytes), input);

            if (layout.Biased)
            {
                ReadOnlySpan<float> biases = MemoryMarshal.Cast<byte, float>(
                    bundle.Slice(layout.BiasOffset, layout.BiasCount * sizeof(float)));
                gate += biases[0];
                up += biases[^1];
            }

            float fired = activation.IsActive(gate, weight) ? activation.Value(gate) : 0f;
            float factor = activation.Kind == ActivationKind.DRelu ? Math.Max(up, 0f) : up;
            h[b] = !layout.Gated ? fired : fired == 0f ? 0f : fired * factor;
        }
    }

    /// <summary>y[b, c] += h[b] * down[c], all columns.</summary>
    public static void AddDown(BundleLayout layout, ReadOnlySpan<byte> bundle, ReadOnlySpan<float> h, Span<float> y)
    {
        for (int b = 0; b < h.Length; b++)
        {
            if (h[b] != 0f)
            {
                Span<float> row = y.Slice(b * layout.Hidden, layout.Hidden);
                WeightReference.AddScaled(layout.Format.Down, h[b], bundle.Slice(layout.DownOffset, layout.DownBytes), row);
            }
        }
    }
}
