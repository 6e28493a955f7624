using Neuralink.Kernels;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Weights;

/// <summary>Activations or a vector of weights: [Rows, Columns] float32 in native memory.</summary>
public sealed class FloatTensor
{
    private readonly NativeBuffer _buffer;

    public FloatTensor(NativeArena arena, int rows, int columns, string purpose)
    {
        Rows = rows;
        Columns = columns;
        _buffer = arena.Allocate(RequiredBytes(rows, columns), purpose);
    }

    /// <summary>A vector [1, columns] of weights that are in memory already.</summary>
    public FloatTensor(NativeBuffer vector)
    {
        Rows = 1;
        Columns = checked((int)(vector.LengthBytes / sizeof(float)));
        _buffer = vector;
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Loads a vector of weights, [1, length].</summary>
    public static FloatTensor Load(IWeightLoader weights, string name, int length) =>
        new(weights.Load(WeightFormat.F32, new TensorSpec(name, length, 0, TensorPlace.Resident)));

    /// <summary>What the memory plan counts for such a tensor, its alignment to a cache line included.</summary>
    public static long RequiredBytes(long rows, long columns) => NativeArena.Aligned(rows * columns * sizeof(float));

    /// <summary>Row <paramref name="index"/>, [Columns].</summary>
    public Span<float> Row(int index) => _buffer.Floats((long)index * Columns, Columns);

    /// <summary>
    /// <paramref name="count"/> elements from <paramref name="begin"/> on, whatever rows they are in: the buffer as [count /
    /// width, width] of another width.
    /// </summary>
    public Span<float> Flat(int begin, int count) => _buffer.Floats(begin, count);

    /// <summary>The first <paramref name="count"/> rows, [count, Columns].</summary>
    public Span<float> First(int count) => _buffer.Floats(0, checked(count * Columns));
}
