namespace Neuralink.Kernels.Tests;

public class BundleBatchTests
{
    // More than a block of neurons and more than a block of rows, each ragged.
    private const int Neurons = 131, Hidden = 67;

    public static TheoryData<WeightFormat> Formats => new(Samples.Formats);

    [Theory]
    [MemberData(nameof(Formats))]
    public void Many_bundles_for_many_rows_have_the_bits_of_one_after_the_other_whether_few_are_active_or_most(WeightFormat format)
    {
        foreach (bool gated in new[] { true, false })
        {
            var samples = new BundleSamples(new BundleLayout(format, Hidden, gated, biased: true), Neurons, seed: 3);
            foreach (int batch in new[] { 12, 150 })
            {
                float[] x = Samples.Floats(batch, batch * Hidden);
                foreach (Activation activation in new[] { Activation.Relu, Activation.FatRelu(6f), new Activation(ActivationKind.Silu, 0) })
                {
                    var kernels = new BundleKernels(samples.Layout, activation);
                    float[] h = new float[Neurons * batch], one = new float[batch];

                    kernels.Activate(samples.All, x, batch, h);

                    for (int n = 0; n < Neurons; n++)
                    {
                        BundleReference.Activate(samples.Layout, activation, samples.All[n], x, one);
                        h.AsSpan(n * batch, batch).SequenceEqual(one).Should().BeTrue($"neuron {n} of {activation}, gated {gated}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Down_columns_of_many_neurons_are_added_to_many_rows_in_ascending_order(WeightFormat format)
    {
        const int Batch = 530, Begin = 32;
        var samples = new BundleSamples(new BundleLayout(format, Hidden, gated: true, biased: false), Neurons, seed: 4);
        float[] h = [.. Samples.Floats(5, Neurons * Batch).Select(value => value > 0.3f ? value : 0f)];
        float[] y = Samples.Floats(6, Batch * Hidden), expected = [.. y];
        for (int n = 0; n < Neurons; n++)
            BundleReference.AddDown(samples.Layout, samples.All[n], h.AsSpan(n * Batch, Batch), expected);
        var kernels = new BundleKernels(samples.Layout, Activation.Relu);

        kernels.AddDown(samples.All, h, y, Batch, Begin, Hidden);
        kernels.AddDown(samples.All, h, y, Batch, 0, Begin);

        y.AsSpan().SequenceEqual(expected).Should().BeTrue();
    }

    [Fact]
    public void Neither_allocates()
    {
        const int Batch = 14;
        var samples = new BundleSamples(new BundleLayout(WeightFormat.F16, Hidden, gated: true, biased: false), Neurons, seed: 7);
        var kernels = new BundleKernels(samples.Layout, Activation.Relu);
        float[] x = Samples.Floats(1, Batch * Hidden), y = new float[Batch * Hidden], h = new float[Neurons * Batch];

        Allocations.BytesOf(() =>
        {
            kernels.Activate(samples.All, x, Batch, h);
            kernels.AddDown(samples.All, h, y, Batch, 0, Hidden);
        }).Should().Be(0);
    }
}
