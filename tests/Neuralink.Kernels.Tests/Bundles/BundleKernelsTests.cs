namespace Neuralink.Kernels.Tests;

public class BundleKernelsTests
{
    private static readonly int[] Hiddens = [1, 7, 16, 33, 64, 130, 257];
    private static readonly int[] Batches = [1, 2, 5, 17, 33];

    [Fact]
    public void Activate_has_its_references_bits_for_every_variant_size_and_batch()
    {
        foreach ((BundleSamples samples, Activation activation, int batch, string name) in Cases(neurons: 9))
        {
            BundleLayout layout = samples.Layout;
            var kernels = new BundleKernels(layout, activation);
            float[] x = Samples.Floats(batch, batch * layout.Hidden);
            float[] together = new float[samples.Frames.Length * batch];
            kernels.Activate(samples.All, x, batch, together);
            for (int n = 0; n < samples.Frames.Length; n++)
            {
                float[] expected = new float[batch];
                BundleReference.Activate(layout, activation, samples.All[n], x, expected);
                float[] alone = new float[batch];

                kernels.Activate(samples.All[n], x, batch, alone);

                float[] gated = new float[batch];
                int active = Gates(samples, n, activation, x, gated);
                kernels.ActivateGated(samples.All[n], x, active, gated);

                alone.Should().Equal(expected, name);
                gated.Should().Equal(expected, name);
                together[(n * batch)..((n + 1) * batch)].Should().Equal(expected, name);
            }
        }
    }

    [Fact]
    public void Bundles_that_are_decided_elsewhere_have_the_bits_of_those_that_are_decided_here()
    {
        // More than are collected at a time.
        const int Hidden = 40, Neurons = 600;
        foreach (bool gated in new[] { true, false })
        {
            var whole = new BundleSamples(new BundleLayout(WeightFormat.F16, Hidden, gated, biased: true), Neurons, seed: 6);
            BundleLayout layout = new(new BundleFormat(WeightFormat.F16, WeightFormat.F16, LeavesDeciding: true), Hidden, gated, true);
            byte[] arena = new byte[Neurons * layout.StrideBytes];
            for (int n = 0; n < Neurons; n++)
                Rest(whole.All[n], whole.Layout).CopyTo(arena.AsSpan(n * layout.StrideBytes));
            BundleFrames rest = new(arena, Neurons, layout.StrideBytes, [.. Enumerable.Range(0, Neurons)]);
            foreach (int batch in new[] { 1, 3 })
            {
                float[] x = Samples.Floats(batch, batch * Hidden), h = new float[Neurons * batch], expected = new float[Neurons * batch];
                new BundleKernels(whole.Layout, Activation.Relu).Activate(whole.All, x, batch, expected);
                for (int i = 0; i < h.Length; i++)
                    h[i] = DecidingValue(whole, i / batch, x.AsSpan(i % batch * Hidden, Hidden));

                new BundleKernels(layout, Activation.Relu).ActivateDecided(rest, x, batch, h);

                h.AsSpan().SequenceEqual(expected).Should().BeTrue($"gated {gated}, batch {batch}");
            }
        }

        static byte[] Rest(ReadOnlySpan<byte> bundle, BundleLayout layout) =>
        [
            .. bundle[layout.RowBytes..layout.BiasOffset], .. bundle[(layout.BiasOffset + sizeof(float))..layout.PayloadBytes],
        ];
    }

    [Fact]
    public void AddDown_has_its_references_bits_for_every_variant_size_and_batch()
    {
        foreach ((BundleSamples samples, Activation _, int batch, string name) in Cases(neurons: 23))
        {
            BundleLayout layout = samples.Layout;
            var kernels = new BundleKernels(layout, Activation.Relu);
            float[] h = SparseValues(samples.Frames.Length * batch);
            float[] expected = Samples.Floats(4, batch * layout.Hidden);
            float[] alone = [.. expected];
            float[] together = [.. expected];
            for (int n = 0; n < samples.Frames.Length; n++)
            {
                BundleReference.AddDown(layout, samples.All[n], h.AsSpan(n * batch, batch), expected);
                kernels.AddDown(samples.All[n], h.AsSpan(n * batch, batch), alone, batch, 0, layout.Hidden);
            }

            kernels.AddDown(samples.All, h, together, batch, 0, layout.Hidden);

            alone.AsSpan().SequenceEqual(expected).Should().BeTrue(name);
            together.AsSpan().SequenceEqual(expected).Should().BeTrue(name);
        }
    }

    [Fact]
    public void AddDown_of_more_neurons_than_are_collected_at_a_time_has_the_references_bits()
    {
        var samples = new BundleSamples(new BundleLayout(WeightFormat.F16, 40, true, false), neurons: 1300, seed: 3);
        float[] h = SparseValues(1300);
        float[] y = new float[40];
        float[] expected = new float[40];
        for (int n = 0; n < h.Length; n++)
            BundleReference.AddDown(samples.Layout, samples.All[n], h.AsSpan(n, 1), expected);

        new BundleKernels(samples.Layout, Activation.Relu).AddDown(samples.All, h, y, 1, 0, 40);

        y.Should().Equal(expected);
    }

    [Fact]
    public void AddDown_has_the_same_bits_at_any_split_of_the_columns_and_leaves_the_others_alone()
    {
        foreach (int batch in new[] { 1, 3 })
        {
            var samples = new BundleSamples(new BundleLayout(WeightFormat.F16, 67, true, true), neurons: 11, seed: 5);
            var kernels = new BundleKernels(samples.Layout, Activation.Relu);
            float[] h = SparseValues(11 * batch);
            float[] whole = new float[batch * 67];
            kernels.AddDown(samples.All, h, whole, batch, 0, 67);
            for (int split = 0; split <= 67; split += ColumnRange.Granularity)
            {
                float[] y = new float[batch * 67];
                kernels.AddDown(samples.All, h, y, batch, split, 67);
                y.AsSpan(0, split).ToArray().Should().NotContain(value => value != 0f);
                kernels.AddDown(samples.All, h, y, batch, 0, split);
                y.Should().Equal(whole, $"split at {split}");
            }
        }
    }

    [Fact]
    public void The_gate_of_a_bundle_has_the_bits_of_the_resident_gate_matrix()
    {
        const int Hidden = 211, Neurons = 37, Batch = 6;
        var samples = new BundleSamples(new BundleLayout(WeightFormat.F16, Hidden, gated: false, biased: false), Neurons, seed: 8);
        byte[] matrix = new byte[Neurons * samples.Layout.RowBytes];
        for (int n = 0; n < Neurons; n++)
            samples.All[n][..samples.Layout.RowBytes].CopyTo(matrix.AsSpan(n * samples.Layout.RowBytes));

        float[] x = Samples.Floats(1, Batch * Hidden);
        float[] resident = new float[Batch * Neurons];
        WeightKernels.For(WeightFormat.F16).MatMul(matrix, x, [], resident, MatMulShape.Whole(Neurons, Hidden, Batch));
        var kernels = new BundleKernels(samples.Layout, Activation.Relu);
        for (int n = 0; n < Neurons; n++)
        {
            float[] h = new float[Batch];
            kernels.Activate(samples.All[n], x, Batch, h);
            h.Should().Equal(Enumerable.Range(0, Batch).Select(b => Math.Max(resident[(b * Neurons) + n], 0f)));
        }
    }

    [Fact]
    public void All_neurons_of_a_slice_are_the_slices_neurons()
    {
        var samples = new BundleSamples(new BundleLayout(WeightFormat.F16, 8, true, false), neurons: 6, seed: 2);
        BundleFrames slice = samples.All.Slice(2, 5);
        slice.Count.Should().Be(3);
        slice[0].SequenceEqual(samples.All[2]).Should().BeTrue();
    }

    [Fact]
    public void A_frame_outside_the_region_is_refused()
    {
        byte[] arena = new byte[1024];
        FluentActions.Invoking(() => new BundleFrames(arena, 2, 512, [2])[0].Length).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new BundleFrames(arena, 2, 512, [-1])[0].Length).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new BundleFrames(arena, 2, 2048, [0]).Count).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Impossible_combinations_and_wrong_lengths_are_refused()
    {
        var plain = new BundleLayout(WeightFormat.F16, 8, gated: false, biased: false);
        FluentActions.Invoking(() => new BundleKernels(plain, Activation.DRelu)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new BundleKernels(plain, Activation.FatRelu(-1f))).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new BundleKernels(plain, Activation.FatRelu(float.NaN))).Should().Throw<ArgumentException>();

        var kernels = new BundleKernels(plain, Activation.Relu);
        byte[] bundle = new byte[512];
        float[] eight = new float[8];
        float[] one = new float[1];
        kernels.Invoking(k => k.Activate(bundle.AsSpan(0, 31), eight, 1, one)).Should().Throw<ArgumentException>();
        kernels.Invoking(k => k.Activate(bundle, one, 1, one)).Should().Throw<ArgumentException>();
        kernels.Invoking(k => k.Activate(bundle, eight, 1, eight)).Should().Throw<ArgumentException>();
        kernels.Invoking(k => k.AddDown(bundle, one, eight, 1, 0, 9)).Should().Throw<ArgumentException>();
        kernels.Invoking(k => k.AddDown(bundle, one, eight, 1, 5, 4)).Should().Throw<ArgumentException>();
        kernels.Invoking(k => k.AddDown(bundle, one, eight, 1, -1, 4)).Should().Throw<ArgumentException>();
        kernels.Invoking(k => k.AddDown(bundle, one, one, 1, 0, 8)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void No_kernel_allocates()
    {
        foreach (int batch in new[] { 1, 9 })
        {
            var samples = new BundleSamples(new BundleLayout(WeightFormat.F16, 77, true, true), neurons: 13, seed: 5);
            var kernels = new BundleKernels(samples.Layout, Activation.DRelu);
            float[] x = Samples.Floats(1, batch * 77);
            float[] h = new float[batch * 13];
            float[] y = new float[batch * 77];
            Allocations.BytesOf(() =>
            {
                kernels.Activate(samples.All, x, batch, h);
                kernels.AddDown(samples.All, h, y, batch, 0, 77);
                kernels.Activate(samples.All[0], x, batch, h.AsSpan(0, batch));
                kernels.AddDown(samples.All[0], h.AsSpan(0, batch), y, batch, 0, 77);
            }).Should().Be(0);
        }
    }

    /// <summary>Values of which about a third are zero, in no regular pattern.</summary>
    /// <summary>
    /// The gates (plain: up values) of neuron <paramref name="n"/> that fire, by the canonical sums, and 0 for the others.
    /// </summary>
    private static int Gates(BundleSamples samples, int n, Activation activation, float[] x, float[] gates)
    {
        BundleLayout layout = samples.Layout;
        float weight = layout.Gated ? 1 : new BundleKernels(layout, activation).DownNorm(samples.All[n]);
        for (int b = 0; b < gates.Length; b++)
        {
            float gate = DecidingValue(samples, n, x.AsSpan(b * layout.Hidden, layout.Hidden));
            gates[b] = activation.IsActive(gate, weight) ? gate : 0f;
        }

        return gates.Count(gate => gate != 0f);
    }

    private static float DecidingValue(BundleSamples samples, int n, ReadOnlySpan<float> x)
    {
        BundleLayout layout = samples.Layout;
        float value = WeightReference.CanonicalDot(layout.Format.Rows, samples.All[n][..layout.RowBytes], x);
        return value + (layout.Biased ? BitConverter.ToSingle(samples.All[n].Slice(layout.BiasOffset, sizeof(float))) : 0f);
    }

    private static float[] SparseValues(int count)
        => Samples.Floats(count, count).Select(value => value < -0.33f ? 0f : value).ToArray();

    private static IEnumerable<(BundleSamples Samples, Activation Activation, int Batch, string Name)> Cases(int neurons)
    {
        foreach (int hidden in Hiddens)
        {
            foreach ((BundleLayout layout, Activation activation) in BundleSamples.Variants(hidden))
            {
                var samples = new BundleSamples(layout, neurons, seed: hidden);
                foreach (int batch in Batches)
                    yield return (samples, activation, batch, $"{layout} {activation} batch {batch}");
            }
        }
    }
}
