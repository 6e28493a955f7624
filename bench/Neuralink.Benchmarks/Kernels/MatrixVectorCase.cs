namespace Neuralink.Benchmarks.Kernels;

/// <summary>Several matrices [11008, 4096] one after the other, together far larger than any cache, each times one x or a batch.</summary>
internal sealed class MatrixVectorCase : IKernelCase, IParallelBody
{
    private const int Rows = 11008;
    private const int Columns = 4096;
    private const int GrainRows = 16;

    private readonly HugeBuffer _buffer;
    private readonly WeightKernels _kernels;
    private readonly MatMulShape _shape;
    private readonly int _rowBytes;
    private readonly int _matrices;
    private readonly Memory<float> _x;
    private readonly Memory<float> _y;
    private int _matrix;

    public MatrixVectorCase(HugeBuffer buffer, WeightFormat format, int batch)
    {
        _buffer = buffer;
        _kernels = WeightKernels.For(format);
        _shape = MatMulShape.Whole(Rows, Columns, batch);
        _rowBytes = _kernels.RowBytes(Columns);
        _matrices = (int)(buffer.LengthBytes / ((long)Rows * _rowBytes));
        _x = AlignedFloats.Create(batch * Columns, 0.5f);
        _y = AlignedFloats.Create(batch * Rows, 0f);
        Name = batch == 1 ? $"{format} matrix-vector" : $"{format} matrix x {batch}";
    }

    public string Name { get; }

    public long BytesRead => (long)_matrices * Rows * _rowBytes;

    public void Pass(WorkerPool pool)
    {
        for (_matrix = 0; _matrix < _matrices; _matrix++)
        {
            pool.Run(this, Rows, GrainRows);
        }
    }

    public void Execute(int begin, int end, int worker)
    {
        ReadOnlySpan<byte> rows = _buffer.Slice(((long)_matrix * Rows * _rowBytes) + ((long)begin * _rowBytes), (end - begin) * _rowBytes);
        _kernels.MatMul(rows, _x.Span, [], _y.Span, _shape.Rows(begin, end));
    }
}
