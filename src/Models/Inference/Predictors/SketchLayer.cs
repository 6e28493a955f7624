using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>The sketch of one layer's gate matrix [f, d] (for a plain FFN: of its up matrix), in native memory.</summary>
internal sealed class SketchLayer
{
    private readonly NativeBuffer _packed;     // [f] rows of packed weights
    private readonly NativeBuffer _rows;       // [f] SketchRow
    private readonly FloatTensor _silent;      // [1, f]
    private readonly int _columns;
    private readonly int _rowBytes;
    private float _share;                      // of the weights' mean square, what quantising took

    public SketchLayer(NativeArena arena, SketchKernels kernels, int rows, int columns, string purpose)
    {
        _columns = columns;
        _rowBytes = kernels.RowBytes(columns);
        _packed = arena.Allocate((long)rows * _rowBytes, purpose);
        _rows = arena.Allocate((long)rows * Marshal.SizeOf<SketchRow>(), purpose);
        _silent = new FloatTensor(arena, 1, rows, purpose);
    }

    public static long RequiredBytes(SketchKernels kernels, int rows, int columns) =>
        NativeArena.Aligned((long)rows * kernels.RowBytes(columns)) + NativeArena.Aligned((long)rows * Marshal.SizeOf<SketchRow>())
            + FloatTensor.RequiredBytes(1, rows);

    /// <summary>The packed weights of a share of the rows.</summary>
    public ReadOnlySpan<byte> Packed(int begin, int end) => _packed.Bytes((long)begin * _rowBytes, checked((end - begin) * _rowBytes));

    /// <summary>Their scales and errors.</summary>
    public ReadOnlySpan<SketchRow> Rows(int begin, int end) => _rows.Span<SketchRow>(begin, end - begin);

    /// <summary>What their products w x must exceed to fire: the activation's threshold less the bias.</summary>
    public ReadOnlySpan<float> Silent(int begin, int end) => _silent.Row(0)[begin..end];

    /// <summary>
    /// The standard deviation of a product for a row whose error has norm 1: of (w - w~) x, and of w (x - x~), for which the row's norm
    /// follows from its error by the layer's mean.
    /// </summary>
    public float Deviation(SketchInput input)
    {
        float ofInput = _share > 0 ? input.Error * input.Error / _share : 0;
        return MathF.Sqrt(((input.Norm * input.Norm) + ofInput) / _columns);
    }

    /// <summary>Reads and quantises `module.weight`, and reads `module.bias` if <paramref name="biased"/>.</summary>
    public void Fill(ITensorSource source, SketchKernels kernels, string module, bool biased, float threshold)
    {
        int count = _silent.Columns;
        float[] scratch = new float[_columns];
        double squares = 0, errors = 0;
        TensorSpec gates = new($"{module}.weight", count, _columns, TensorPlace.Predictor);
        TensorReader.ReadRows(source, gates, WeightFormat.F32, (begin, end, bytes) =>
        {
            ReadOnlySpan<float> weights = MemoryMarshal.Cast<byte, float>(bytes);
            for (int r = begin; r < end; r++)
            {
                ReadOnlySpan<float> row = weights.Slice((r - begin) * _columns, _columns);
                SketchRow sketch = kernels.Encode(row, scratch, _packed.Bytes((long)r * _rowBytes, _rowBytes));
                _rows.Span<SketchRow>(r, 1)[0] = sketch;
                squares += WeightKernels.For(WeightFormat.F32).Dot(MemoryMarshal.AsBytes(row), row);
                errors += sketch.Error * sketch.Error;
            }
        });
        _share = squares > 0 ? (float)(errors / squares) : 0;
        Span<float> silent = _silent.Row(0);
        if (biased)
            TensorReader.Fill(source, new TensorSpec($"{module}.bias", count, 0, TensorPlace.Predictor), _silent);
        foreach (ref float value in silent)
            value = threshold - value;
    }
}
