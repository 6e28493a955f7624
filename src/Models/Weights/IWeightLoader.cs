using Neuralink.Kernels;
using Neuralink.Storage;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Weights;

/// <summary>Brings a model's weights into native memory: as copies from wherever they are, or as they lie in an image's file.</summary>
public interface IWeightLoader
{
    /// <summary>The tensors, one directly behind the other: matrices in <paramref name="format"/>, vectors as float32.</summary>
    /// <param name="format">Of all of the matrices.</param>
    /// <param name="tensors">Tensors of one product, which have the same width, or a single one.</param>
    /// <exception cref="NeuralinkException">A tensor cannot be read or has a value that is not finite.</exception>
    public NativeBuffer Load(WeightFormat format, params ReadOnlySpan<TensorSpec> tensors);

    /// <summary>A matrix that is read row by row, which need not be in memory.</summary>
    public WeightRows LoadRows(WeightFormat format, TensorSpec matrix);
}

/// <summary>Copies weights from a source, converting them where it stores another format.</summary>
/// <param name="source">Where they are.</param>
/// <param name="arena">Where they go.</param>
/// <param name="purpose">What they are for, as the memory report names it.</param>
public sealed class CopiedWeights(ITensorSource source, NativeArena arena, string purpose) : IWeightLoader
{
    /// <inheritdoc/>
    public NativeBuffer Load(WeightFormat format, params ReadOnlySpan<TensorSpec> tensors)
    {
        long bytes = 0;
        foreach (TensorSpec spec in tensors)
            bytes += spec.BytesIn(format);
        NativeBuffer buffer = arena.Allocate(bytes, purpose);
        long at = 0;
        foreach (TensorSpec spec in tensors)
        {
            TensorReader.ReadRows(source, spec, spec.FormatIn(format), (_, _, rows) =>
            {
                rows.CopyTo(buffer.Bytes(at, rows.Length));
                at += rows.Length;
            });
        }
        return buffer;
    }

    /// <inheritdoc/>
    public WeightRows LoadRows(WeightFormat format, TensorSpec matrix) =>
        new(new WeightMatrix(format, matrix.Rows, matrix.Columns, Load(format, matrix)));
}
