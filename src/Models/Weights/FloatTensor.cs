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

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>What the memory plan counts for such a tensor, its alignment to a cache line included.</summary>
    public static long RequiredBytes(long rows, long columns) => NativeArena.Aligned(rows * columns * sizeof(float));

    /// <summary>Row <paramref name="index"/>, [Columns].</summary>
    public Span<float> Row(int index) => _buffer.Floats((long)index * Columns, Columns);

    /// <summary><paramref name="count"/> elements from <paramref name="begin"/> on, whatever rows they are in: the buffer as [count / width, width] of another width.</summary>
    public Span<float> Flat(int begin, int count) => _buffer.Floats(begin, count);

    /// <summary>The first <paramref name="count"/> rows, [count, Columns].</summary>
    public Span<float> First(int count) => _buffer.Floats(0, checked(count * Columns));
}
