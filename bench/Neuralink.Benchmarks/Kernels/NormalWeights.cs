using System.Runtime.InteropServices;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>
/// The same normally distributed weights in each format, in a buffer each, far larger than any cache. Real weights lie close to zero: a few
/// in a thousand are subnormal as f16, which is what some processors are slow at.
/// </summary>
internal sealed class NormalWeights : IDisposable
{
    private const long BufferBytes = 544L << 20;

    // Written again and again; a buffer is whole patterns.
    private const int PatternWeights = 1 << 19;

    private readonly Dictionary<WeightFormat, HugeBuffer> _buffers = [];
    private readonly Dictionary<(WeightFormat Format, int Columns, BundleLayout? Layout), HugeBuffer> _blocks = [];
    private readonly float[] _weights;

    /// <param name="deviation">The standard deviation; the mean is 0.</param>
    public NormalWeights(double deviation)
    {
        Deviation = deviation;
        _weights = Draw(PatternWeights, deviation);
        foreach (WeightFormat format in (WeightFormat[])[WeightFormat.F32, WeightFormat.F16, WeightFormat.BF16])
            _buffers[format] = Fill(format, _weights);

        ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(this[WeightFormat.F16].Slice(0, PatternWeights * 2));
        int subnormals = 0;
        foreach (Half half in halves)
            subnormals += Half.IsSubnormal(half) ? 1 : 0;

        SubnormalShare = (double)subnormals / halves.Length;
    }

    public double Deviation { get; }

    /// <summary>The share of the weights that are subnormal as f16.</summary>
    public double SubnormalShare { get; }

    /// <summary>Of a float format.</summary>
    public HugeBuffer this[WeightFormat format] => _buffers[format];

    public void Dispose()
    {
        foreach (HugeBuffer buffer in _buffers.Values.Concat(_blocks.Values))
            buffer.Dispose();
    }

    /// <summary>Rows of so many weights. Those of a block format lie otherwise for each width.</summary>
    public HugeBuffer Rows(WeightFormat format, int columns)
    {
        WeightKernels kernels = WeightKernels.For(format);
        return !kernels.QuantizesInput ? _buffers[format] : Repeat((format, columns, null), kernels.RowBytes(columns), (row, weights) =>
            kernels.Encode(weights[..columns], row));
    }

    /// <summary>Bundles of all formats.</summary>
    public HugeBuffer Bundles(BundleLayout layout)
    {
        if (!WeightKernels.For(layout.Format.Rows).QuantizesInput)
            return _buffers[layout.Format.Rows];
        return Repeat((layout.Format.Rows, layout.Hidden, layout), layout.StrideBytes, (bundle, weights) =>
        {
            for (int at = 0, part = 0; at < layout.DownOffset; at += layout.RowBytes, part++)
            {
                WeightKernels.For(layout.Format.Rows).Encode(
                    weights.Slice(part * layout.Hidden, layout.Hidden), bundle.Slice(at, layout.RowBytes));
            }

            WeightKernels.For(layout.Format.Down).Encode(
                weights.Slice(2 * layout.Hidden, layout.Hidden), bundle.Slice(layout.DownOffset, layout.DownBytes));
        });
    }

    /// <summary>The same values whenever it is called.</summary>
    public static float[] Draw(int count, double deviation)
    {
        float[] values = new float[count];
        var random = new Random(1);
        for (int i = 0; i < values.Length; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            values[i] = (float)(normal * deviation);
        }

        return values;
    }

    private HugeBuffer Repeat((WeightFormat, int, BundleLayout?) key, int unitBytes, Encoder encode)
    {
        const int Units = 96;
        if (_blocks.TryGetValue(key, out HugeBuffer? known))
            return known;
        byte[] pattern = new byte[Units * unitBytes];
        for (int unit = 0; unit < Units; unit++)
            encode(pattern.AsSpan(unit * unitBytes, unitBytes), _weights.AsSpan(unit * 1000));
        HugeBuffer buffer = new(BufferBytes / pattern.Length * pattern.Length);
        for (long offset = 0; offset < buffer.LengthBytes; offset += pattern.Length)
            pattern.CopyTo(buffer.Slice(offset, pattern.Length));

        return _blocks[key] = buffer;
    }

    private delegate void Encoder(Span<byte> unit, ReadOnlySpan<float> weights);

    private static HugeBuffer Fill(WeightFormat format, float[] weights)
    {
        WeightKernels kernels = WeightKernels.For(format);
        byte[] pattern = new byte[kernels.RowBytes(weights.Length)];
        kernels.Encode(weights, pattern);
        HugeBuffer buffer = new(BufferBytes);
        for (long offset = 0; offset < buffer.LengthBytes; offset += pattern.Length)
            pattern.CopyTo(buffer.Slice(offset, pattern.Length));

        return buffer;
    }
}
