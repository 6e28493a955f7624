using System.Runtime.InteropServices;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>
/// Several sketches [rows, columns] one after the other, together far larger than any cache, each times one
/// x, which is quantised each time.
/// </summary>
internal sealed class SketchCase : IKernelCase, IParallelBody
{
    private const int GrainRows = 16;

    private readonly HugeBuffer _buffer;
    private readonly SketchKernels _kernels;
    private readonly MatMulShape _shape;
    private readonly int _rowBytes;
    private readonly int _matrices;
    private readonly SketchRow[] _rows;
    private readonly Memory<float> _x;
    private readonly Memory<float> _y;
    private readonly Memory<float> _q;         // as bytes
    private readonly SketchInput[] _inputs = new SketchInput[1];
    private int _matrix;

    public SketchCase(HugeBuffer buffer, int bits, int rows, int columns)
    {
        _buffer = buffer;
        _kernels = SketchKernels.For(bits);
        _shape = MatMulShape.Whole(rows, columns, 1);
        _rowBytes = _kernels.RowBytes(columns);
        _matrices = (int)(buffer.LengthBytes / ((long)rows * _rowBytes));
        _rows = new SketchRow[rows];
        _x = AlignedFloats.Create(columns, 0.5f);
        _y = AlignedFloats.Create(rows, 0f);
        _q = AlignedFloats.Create(_kernels.PaddedColumns(columns) / sizeof(float), 0f);
        Name = $"{bits}-bit sketch {rows} x {columns}";
    }

    public string Name { get; }

    public long BytesRead => (long)_matrices * _shape.RowCount * _rowBytes;

    public int Products => _matrices;

    private Span<sbyte> Quantized => MemoryMarshal.Cast<float, sbyte>(_q.Span);

    public void Pass(WorkerPool pool)
    {
        for (_matrix = 0; _matrix < _matrices; _matrix++)
        {
            _inputs[0] = SketchInput.Quantize(_x.Span, Quantized);
            pool.Run(this, _shape.RowCount, GrainRows);
        }
    }

    public void Execute(int begin, int end, int worker)
    {
        long first = ((long)_matrix * _shape.RowCount) + begin;
        ReadOnlySpan<byte> packed = _buffer.Slice(first * _rowBytes, (end - begin) * _rowBytes);
        _kernels.MatMul(packed, _rows.AsSpan(begin, end - begin), Quantized, _inputs, _y.Span, _shape.Rows(begin, end));
    }
}
