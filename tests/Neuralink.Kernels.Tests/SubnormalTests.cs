using System.Runtime.InteropServices;

namespace Neuralink.Kernels.Tests;

/// <summary>
/// No kernel does arithmetic on subnormal numbers, whatever subnormal weights, keys and values it is given. What is left is the data's
/// own: the products of activations that are themselves near 1e-38. Where subnormal operands cost little, f16 weights are widened by a
/// multiplication of them; results are subnormal nowhere.
/// </summary>
public class SubnormalTests
{
    // Of f16 weights with the smallest of these, one in 40 is subnormal; of those with the largest, one in 4000.
    private static readonly float[] Deviations = [0.002f, 0.02f, 0.2f];

    // Of f16 weights on this machine.
    private static readonly Subnormals Allowed = SubnormalCost.IsSmall ? Subnormals.Operand : Subnormals.None;

    [SubnormalFact]
    public void The_flags_are_seen()
    {
        float[] subnormals = [.. Enumerable.Repeat(1e-40f, 40)];
        float[] ones = [.. Enumerable.Repeat(1f, 40)];
        float[] tiny = [.. Enumerable.Repeat(3e-20f, 40)];
        WeightKernels kernels = WeightKernels.For(WeightFormat.F32);
        SubnormalFlags.RaisedBy(() => kernels.Dot(MemoryMarshal.AsBytes(ones.AsSpan()), ones)).Should().Be(Subnormals.None);
        SubnormalFlags.RaisedBy(() => kernels.Dot(MemoryMarshal.AsBytes(subnormals.AsSpan()), ones)).Should().HaveFlag(Subnormals.Operand);
        SubnormalFlags.RaisedBy(() => kernels.Dot(MemoryMarshal.AsBytes(tiny.AsSpan()), tiny)).Should().HaveFlag(Subnormals.Result);
    }

    [SubnormalFact]
    public void Every_finite_f16_is_decoded_without_subnormals_on_every_instruction_set()
    {
        Half[] halves = [.. Enumerable.Range(0, 65536).Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits)).Where(Half.IsFinite)];
        float[] decoded = new float[halves.Length];
        foreach ((string name, WeightKernels kernels) in WithoutSubnormals(WeightFormat.F16))
        {
            SubnormalFlags.RaisedBy(() => kernels.Decode(MemoryMarshal.AsBytes(halves.AsSpan()), decoded))
                .Should().Be(Subnormals.None, name);
        }

        SubnormalFlags.RaisedBy(() =>
        {
            for (int i = 0; i < halves.Length; i++)
                decoded[i] = HalfBits.Widen(BitConverter.HalfToInt16Bits(halves[i]));
        }).Should().Be(Subnormals.None, "one by one");
    }

    [SubnormalFact]
    public void Products_with_weights_have_none_on_every_instruction_set()
    {
        const int Rows = 7, Columns = 1003, Batch = 12;
        float[] x = Samples.Normal(1, Batch * Columns);
        float[] y = new float[Batch * Rows];
        foreach (WeightFormat format in Samples.Formats)
        {
            foreach (float deviation in Deviations)
            {
                byte[] rows = Encode(format, Samples.Normal(2, Rows * Columns, deviation));
                foreach ((string name, WeightKernels kernels) in WithoutSubnormals(format))
                {
                    int rowBytes = kernels.RowBytes(Columns);
                    float[] sums = Samples.Normal(3, Columns);
                    SubnormalFlags.RaisedBy(() =>
                    {
                        y[0] = kernels.Dot(rows.AsSpan(0, rowBytes), x.AsSpan(0, Columns));
                        for (int batch = 1; batch <= Batch; batch++)
                        {
                            kernels.MatMul(
                                rows, x.AsSpan(0, batch * Columns), [], y.AsSpan(0, batch * Rows), MatMulShape.Whole(Rows, Columns, batch));
                        }

                        kernels.AddScaled(0.3f, rows.AsSpan(0, rowBytes), ColumnRange.Whole(Columns), sums);
                        kernels.Decode(rows.AsSpan(0, rowBytes), sums);
                    }).Should().Be(Subnormals.None, $"{format} {name}, deviation {deviation}");
                }
            }
        }
    }

    [SubnormalFact]
    public void Encoding_small_weights_has_none()
    {
        foreach (WeightFormat format in Samples.Formats)
        {
            float[] weights = Samples.Normal(4, 1003, 1e-5f);
            byte[] row = new byte[WeightKernels.For(format).RowBytes(weights.Length)];
            SubnormalFlags.RaisedBy(() => WeightKernels.For(format).Encode(weights, row)).Should().Be(Subnormals.None, $"{format}");
        }
    }

    [SubnormalFact]
    public void Bundles_have_none_in_every_variant()
    {
        const int Hidden = 131, Neurons = 23;
        foreach ((BundleLayout layout, Activation activation) in BundleSamples.Variants(Hidden))
        {
            var samples = new BundleSamples(layout, Neurons, seed: 5, deviation: 0.002f);
            foreach (int batch in new[] { 1, 6 })
            {
                float[] x = Samples.Normal(6, batch * Hidden, 20f), h = new float[Neurons * batch], y = new float[batch * Hidden];
                var kernels = new BundleKernels(layout, activation);
                SubnormalFlags.RaisedBy(() =>
                {
                    kernels.Activate(samples.All, x, batch, h);
                    kernels.AddDown(samples.All, h, y, batch, 0, Hidden);
                }).Should().Match(seen => (seen & ~AllowedIn(layout)) == Subnormals.None, $"{layout} {activation} batch {batch}");
            }
        }
    }

    [SubnormalFact]
    public void Attention_has_none_with_subnormal_keys_and_values_and_scores_far_apart()
    {
        // Scores up to several hundred apart: the smallest probabilities would be subnormal, or vanish, without a bound.
        foreach (int headDim in new[] { 64, 70 })
        {
            var shape = new AttentionShape(headDim, Heads: 3, Begin: 0, End: 900);
            Half[] keys = new Half[shape.End * headDim], values = new Half[shape.End * headDim];
            float[] k = Samples.Normal(7, keys.Length), v = Samples.Normal(8, values.Length, 1e-4f);
            float[] q = Samples.Normal(9, shape.Heads * headDim, 40f);
            float[] scores = new float[shape.Heads * shape.Positions], y = new float[q.Length];
            SubnormalFlags.RaisedBy(() =>
            {
                Attention.Store(k, keys);
                Attention.Store(v, values);
                Attention.Attend(q, new KvHead(keys, values, [0], shape.End), shape, scores, y);
            }).Should().Match(seen => (seen & ~Allowed) == Subnormals.None);
            values.Should().Contain(value => Half.IsSubnormal(value));
            scores.Should().Contain(0f);
        }
    }

    [SubnormalFact]
    public void Mixing_values_has_none_on_every_instruction_set()
    {
        Half[] values = [.. Samples.Normal(10, 50 * 131, 1e-5f).Select(value => (Half)value)];
        float[] weights = Samples.Floats(11, 50), y = new float[131];
        SubnormalFlags.RaisedBy(() =>
        {
            Attention.Mix<Lanes512>(weights, values, y);
            Attention.Mix<Lanes256>(weights, values, y);
            Attention.Mix<Lanes128>(weights, values, y);
        }).Should().Be(Subnormals.None);
    }

    [SubnormalFact]
    public void Norms_and_rotation_have_none()
    {
        float[] x = Samples.Normal(12, 1000), y = new float[1000], weight = Samples.Normal(13, 1000), bias = Samples.Normal(14, 1000);
        float[] frequencies = new float[50], cos = new float[50], sin = new float[50];
        SubnormalFlags.RaisedBy(() =>
        {
            RmsNorm.Apply(x, weight, 1e-5f, y);
            LayerNorm.Apply(x, weight, bias, 1e-5f, y);
            Rope.FillInverseFrequencies(500000f, frequencies);
            Rope.FillTable(frequencies, 3, 1, cos, sin);
            Rope.Apply(y, 100, cos, sin);
        }).Should().Be(Subnormals.None);
    }

    [SubnormalFact]
    public void Sketches_have_none()
    {
        const int Rows = 9, Columns = 1003;
        foreach (int bits in new[] { 2, 3, 4 })
        {
            SketchKernels kernels = SketchKernels.For(bits);
            float[] weights = Samples.Normal(15, Rows * Columns, 0.002f), x = Samples.Normal(16, Columns), y = new float[Rows];
            (byte[] packed, SketchRow[] rows) = SketchSamples.Encode(kernels, weights, Rows, Columns);
            sbyte[] q = new sbyte[kernels.PaddedColumns(Columns)];
            SketchInput[] inputs = new SketchInput[1];
            SubnormalFlags.RaisedBy(() =>
            {
                inputs[0] = SketchInput.Quantize(x, q);
                kernels.MatMul(packed, rows, q, inputs, y, MatMulShape.Whole(Rows, Columns, 1));
            }).Should().Be(Subnormals.None, $"{bits} bits");
        }
    }

    private static IEnumerable<(string Name, WeightKernels Kernels)> WithoutSubnormals(WeightFormat format)
        => Samples.InstructionSets(format).Where(set => !set.Name.Contains("subnormals", StringComparison.Ordinal));

    private static Subnormals AllowedIn(BundleLayout layout) => layout.Format.Rows == WeightFormat.F16 ? Allowed : Subnormals.None;

    private static byte[] Encode(WeightFormat format, float[] weights)
    {
        byte[] bytes = new byte[WeightKernels.For(format).RowBytes(weights.Length)];
        WeightKernels.For(format).Encode(weights, bytes);
        return bytes;
    }
}
