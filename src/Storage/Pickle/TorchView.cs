using System.Collections.Immutable;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Pickle;

/// <summary>
/// A tensor of a pickled checkpoint, checked: every element of it lies within its storage. <see cref="TensorInfo.FileOffset"/> is where its
/// first element lies, and <see cref="TensorInfo.LengthBytes"/> what it takes when it is read row by row.
/// </summary>
internal sealed record TorchView : TensorInfo
{
    private const int DimensionsMax = 64;

    private TorchView(string name, SafetensorsDtype dtype, ImmutableArray<long> shape, long fileOffset, long lengthBytes)
        : base(name, dtype, shape, fileOffset, lengthBytes)
    {
    }

    /// <summary>
    /// Sizes and strides (in elements) of the fewest dimensions that give the same elements in the same order: a contiguous tensor has one
    /// of stride 1.
    /// </summary>
    public required ImmutableArray<(long Size, long Stride)> Dimensions { get; init; }

    /// <summary>Checks a tensor against its storage.</summary>
    /// <exception cref="InvalidPickleException">It does not lie within it.</exception>
    public static TorchView Of(string name, TorchTensor tensor, TorchContents contents)
    {
        TorchStorage storage = tensor.Storage;
        if (!contents.Extents.TryGetValue(storage.Key, out (long Offset, long LengthBytes) extent))
            throw new InvalidPickleException($"{contents.RecordOf(storage.Key)}, the storage of tensor {name}", "no such record");
        int elementBytes = tensor.Dtype.SizeBytes(), storageBytes = storage.Dtype?.SizeBytes() ?? 1;
        if (storage.Count < 0 || ((Int128)storage.Begin + storage.Count) * storageBytes > extent.LengthBytes)
        {
            throw new InvalidPickleException(
                $"{storage.Count} elements in {contents.RecordOf(storage.Key)}, the storage of tensor {name}",
                $"{extent.LengthBytes} bytes");
        }
        if (tensor.Shape.Length != tensor.Strides.Length || tensor.Shape.Length > DimensionsMax)
        {
            throw new InvalidPickleException(
                $"a stride for each size of tensor {name}", $"{tensor.Strides.Length} of {tensor.Shape.Length}");
        }
        ImmutableArray<long> shape = [.. tensor.Shape];
        long lengthBytes = SizeOf(tensor.Dtype, shape)
            ?? throw new InvalidPickleException($"tensor {name} of a size that fits in 63 bits", $"shape [{string.Join(", ", shape)}]");
        CheckWithin(name, tensor, storage.Count * storageBytes / elementBytes, lengthBytes == 0);
        long begin = extent.Offset + (storage.Begin * storageBytes) + (tensor.Offset * elementBytes);
        return new TorchView(name, tensor.Dtype, shape, begin, lengthBytes) { Dimensions = Collapse(tensor) };
    }

    private static void CheckWithin(string name, TorchTensor tensor, long elements, bool isEmpty)
    {
        Int128 last = tensor.Offset;
        for (int i = 0; i < tensor.Shape.Length; i++)
        {
            if (tensor.Strides[i] < 0)
                throw new InvalidPickleException($"tensor {name} with strides of 0 or more", $"{tensor.Strides[i]}");
            last += (Int128)Math.Max(tensor.Shape[i] - 1, 0) * tensor.Strides[i];
        }
        if (tensor.Offset < 0 || (isEmpty ? tensor.Offset > elements : last >= elements))
        {
            throw new InvalidPickleException(
                $"tensor {name} within its storage of {elements} elements", $"elements {tensor.Offset} to {last}");
        }
    }

    private static ImmutableArray<(long Size, long Stride)> Collapse(TorchTensor tensor)
    {
        List<(long Size, long Stride)> dimensions = [];
        foreach ((long size, long stride) in tensor.Shape.Zip(tensor.Strides).Where(dimension => dimension.First != 1))
        {
            if (dimensions.Count > 0 && dimensions[^1].Stride == (Int128)stride * size)
                dimensions[^1] = (dimensions[^1].Size * size, stride);
            else
                dimensions.Add((size, stride));
        }
        return dimensions.Count == 0 ? [(1, 1)] : [.. dimensions];
    }
}
