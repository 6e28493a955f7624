using System.Runtime.InteropServices;

namespace Neuralink.Kernels.Tests;

/// <summary>An arena of random bundles, in frames that are not in the neurons' order.</summary>
internal sealed class BundleSamples
{
    public BundleSamples(BundleLayout layout, int neurons, int seed)
    {
        Layout = layout;
        FrameCount = neurons + 3;
        Arena = new byte[FrameCount * layout.StrideBytes];
        Frames = Enumerable.Range(0, FrameCount).ToArray();
        new Random(seed).Shuffle(Frames);
        Frames = Frames[..neurons];
        WeightKernels kernels = WeightKernels.For(layout.Format);
        for (int n = 0; n < neurons; n++)
        {
            Span<byte> bundle = Arena.AsSpan(Frames[n] * layout.StrideBytes, layout.StrideBytes);
            float[] weights = Samples.Floats(seed + n, layout.BiasOffset / kernels.RowBytes(1));
            kernels.Encode(weights, bundle[..layout.BiasOffset]);
            float[] biases = Samples.Floats(seed - n, layout.BiasCount);
            MemoryMarshal.AsBytes(biases.AsSpan()).CopyTo(bundle[layout.BiasOffset..]);
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
            }
        }
    }
}
