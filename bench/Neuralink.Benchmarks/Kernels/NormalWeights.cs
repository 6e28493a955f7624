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

    /// <param name="deviation">The standard deviation; the mean is 0.</param>
    public NormalWeights(double deviation)
    {
        Deviation = deviation;
        float[] weights = Draw(PatternWeights, deviation);
        foreach (WeightFormat format in Enum.GetValues<WeightFormat>())
            _buffers[format] = Fill(format, weights);

        ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(this[WeightFormat.F16].Slice(0, PatternWeights * 2));
        int subnormals = 0;
        foreach (Half half in halves)
            subnormals += Half.IsSubnormal(half) ? 1 : 0;

        SubnormalShare = (double)subnormals / halves.Length;
    }

    public double Deviation { get; }

    /// <summary>The share of the weights that are subnormal as f16.</summary>
    public double SubnormalShare { get; }

    public HugeBuffer this[WeightFormat format] => _buffers[format];

    public void Dispose()
    {
        foreach (HugeBuffer buffer in _buffers.Values)
            buffer.Dispose();
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
