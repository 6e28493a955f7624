using System.Runtime.InteropServices;

namespace Neuralink.Kernels.Tests;

/// <summary>An arena of random bundles, in frames that are not in the neurons' order.</summary>
internal sealed class BundleSamples
{
    /// <param name="layout">Of the bundles.</param>
    /// <param name="neurons">How many.</param>
    /// <param name="seed">Of the weights and of the frames' order.</param>
    /// <param name="deviation">Of normally distributed weights; 0 for weights of -1 to 1, evenly distributed.</param>
    public BundleSamples(BundleLayout layout, int neurons, int seed, float deviation = 0f)
    {
        Layout = layout;
        FrameCount = neurons + 3;
        Arena = new byte[FrameCount * layout.StrideBytes];
        Frames = Enumerable.Range(0, FrameCount).ToArray();
        new Random(seed).Shuffle(Frames);
        Frames = Frames[..neurons];
        for (int n = 0; n < neurons; n++)
        {
            Span<byte> bundle = Arena.AsSpan(Frames[n] * layout.StrideBytes, layout.StrideBytes);
            for (int at = 0, part = 0; at < layout.DownOffset; at += layout.RowBytes, part++)
                Encode(layout.Format.Rows, seed + n + (1000 * part), bundle.Slice(at, layout.RowBytes));
            Encode(layout.Format.Down, seed + n + 3000, bundle.Slice(layout.DownOffset, layout.DownBytes));
            float[] biases = Samples.Floats(seed - n, layout.BiasCount);
            MemoryMarshal.AsBytes(biases.AsSpan()).CopyTo(bundle[layout.BiasOffset..]);
        }

        void Encode(WeightFormat format, int part, Span<byte> row)
        {
            float[] weights = deviation == 0f ? Samples.Floats(part, layout.Hidden) : Samples.Normal(part, layout.Hidden, deviation);
            WeightKernels.For(format).Encode(weights, row);
        }
    }

    public BundleLayout Layout { get; }

    public byte[] Arena { get; }

    public int FrameCount { get; }

    public int[] Frames { get; }

    public BundleFrames All => new(Arena, FrameCount, Layout.StrideBytes, Frames);

    public static IEnumerable<(BundleLayout Layout, Activation Activation)> Variants(int hidden)
    {
        foreach (WeightFormat format in Samples.Formats)
        {
            foreach (bool biased in new[] { false, true })
            {
                yield return (new BundleLayout(format, hidden, gated: true, biased), Activation.Relu);
                yield return (new BundleLayout(format, hidden, gated: true, biased), Activation.FatRelu(0.4f));
                yield return (new BundleLayout(format, hidden, gated: true, biased), Activation.DRelu);
                yield return (new BundleLayout(format, hidden, gated: false, biased), Activation.Relu);
                yield return (new BundleLayout(format, hidden, gated: false, biased), Activation.FatRelu(0.4f));
                foreach (ActivationKind kind in (ActivationKind[])[ActivationKind.Relu2, ActivationKind.Silu, ActivationKind.GeluTanh])
                {
                    yield return (new BundleLayout(format, hidden, gated: true, biased), new Activation(kind, 0));
                    yield return (new BundleLayout(format, hidden, gated: false, biased), new Activation(kind, 0));
                }

                yield return (new BundleLayout(format, hidden, gated: true, biased), new Activation(ActivationKind.Silu, 0.2f));
                yield return (new BundleLayout(format, hidden, gated: false, biased), new Activation(ActivationKind.GeluTanh, 0.3f));
            }
        }
    }
}
