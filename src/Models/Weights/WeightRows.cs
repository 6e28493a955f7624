using Microsoft.Win32.SafeHandles;
using Neuralink.Kernels;
using Neuralink.Storage;

namespace Neuralink.Models.Weights;

/// <summary>A matrix [Rows, Columns] that is read row by row, a few at a time: in memory, or in the file where it lies.</summary>
public sealed class WeightRows
{
    private readonly WeightMatrix? _matrix;
    private readonly SafeFileHandle? _file;
    private readonly string _path = "";
    private readonly long _offsetBytes;
    private readonly WeightKernels _kernels;
    private readonly byte[] _row = [];

    /// <summary>Rows in memory.</summary>
    public WeightRows(WeightMatrix matrix) => (_matrix, _kernels) = (matrix, matrix.Kernels);

    /// <summary>Rows in a file.</summary>
    /// <param name="path">The file; it stays open.</param>
    /// <param name="offsetBytes">Where row 0 begins.</param>
    /// <param name="format">Of the weights.</param>
    /// <param name="columns">Weights of a row.</param>
    /// <exception cref="NeuralinkException">The file cannot be opened.</exception>
    public WeightRows(string path, long offsetBytes, WeightFormat format, int columns)
    {
        _kernels = WeightKernels.For(format);
        (_path, _offsetBytes, _row) = (path, offsetBytes, new byte[_kernels.RowBytes(columns)]);
        try
        {
            _file = File.OpenHandle(path, options: FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"open {path}", "a file that can be read", e.Message, inner: e);
        }
    }

    /// <summary>The matrix, where it is in memory.</summary>
    public WeightMatrix Matrix => _matrix ?? throw new InvalidOperationException("The matrix is not in memory.");

    /// <summary>row = the matrix's row <paramref name="index"/>, [Columns].</summary>
    /// <exception cref="NeuralinkException">It cannot be read.</exception>
    public void Read(int index, Span<float> row)
    {
        if (_matrix is not null)
        {
            _kernels.Decode(_matrix.Row(index), row);
            return;
        }
        long at = _offsetBytes + ((long)index * _row.Length);
        int count = RandomAccess.Read(_file!, _row, at);
        if (count < _row.Length)
            throw new NeuralinkException($"read {_path}", $"{_row.Length} bytes at offset {at}", $"{count}", "check the disk");
        _kernels.Decode(_row, row);
    }
}
