namespace Neuralink.Benchmarks.Kernels;

/// <summary>
/// Several matrices [rows, columns] one after the other, together far larger than any cache, each times one x or a batch.
/// </summary>
internal sealed class MatrixVectorCase : IKernelCase, IParallelBody
{
    private const int GrainRows = 16;

    private readonly HugeBuffer _buffer;
    private readonly WeightKernels _kernels;
    private readonly MatMulShape _shape;
    private readonly int _rowBytes;
    private readonly int _matrices;
    private readonly Memory<float> _x;
    private readonly Memory<float> _y;
    private readonly byte[] _quantized;
    private int _matrix;

    public MatrixVectorCase(NormalWeights weights, WeightFormat format, int batch, int rows = 11008, int columns = 4096)
    {
        _buffer = weights.Rows(format, columns);
        _kernels = WeightKernels.For(format);
        _shape = MatMulShape.Whole(rows, columns, batch);
        _rowBytes = _kernels.RowBytes(columns);
        _matrices = (int)(_buffer.LengthBytes / ((long)rows * _rowBytes));
        _x = AlignedFloats.Create(batch * columns, 0.5f);
        _quantized = _kernels.QuantizesInput ? QuantizedOf(_x.Span, columns) : [];
        _y = AlignedFloats.Create(batch * rows, 0f);
        Name = batch == 1 ? $"{format} matrix-vector {rows} x {columns}" : $"{format} matrix {rows} x {columns} x {batch}";
    }

    public string Name { get; }

    public long BytesRead => (long)_matrices * _shape.RowCount * _rowBytes;

    public int Products => _matrices;

    /// <summary>An input in 8 bits.</summary>
    public static byte[] QuantizedOf(ReadOnlySpan<float> x, int columns)
    {
        int rowBytes = QuantizedInput.RowBytes(columns);
        byte[] rows = GC.AllocateArray<byte>(x.Length / columns * rowBytes, pinned: true);
        for (int row = 0; row * columns < x.Length; row++)
            QuantizedInput.Quantize(x.Slice(row * columns, columns), rows.AsSpan(row * rowBytes, rowBytes));
        return rows;
    }

    public void Pass(WorkerPool pool)
    {
        for (_matrix = 0; _matrix < _matrices; _matrix++)
            pool.Run(this, _shape.RowCount, GrainRows);
    }

    public void Execute(int begin, int end, int worker)
    {
        long first = ((long)_matrix * _shape.RowCount) + begin;
        ReadOnlySpan<byte> rows = _buffer.Slice(first * _rowBytes, (end - begin) * _rowBytes);
        _kernels.MatMul(rows, new ProductInput(_x.Span, _quantized), [], _y.Span, _shape.Rows(begin, end));
    }
}
