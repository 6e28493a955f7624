namespace Neuralink.Storage.Safetensors;

/// <summary>
/// The rules that tie a header to its data, as the reference implementation has them: a tensor's range is as long as its type and shape
/// say, and the ranges tile the data exactly: no overlap, no hole, nothing behind the last.
/// </summary>
internal static class SafetensorsLayout
{
    public static IReadOnlyList<TensorInfo> Validate(
        List<(TensorInfo Tensor, long Begin, long End)> entries, long dataOffset, long dataBytes)
    {
        // Ties are tensors without elements, which may share an offset with the tensor behind them.
        entries.Sort(static (a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        TensorInfo[] tensors = new TensorInfo[entries.Count];
        long end = 0;
        string before = "the start of the data";
        for (int i = 0; i < tensors.Length; i++)
        {
            (TensorInfo tensor, long tensorBegin, long tensorEnd) = entries[i];
            string what = $"tensor '{tensor.Name}'";
            if (tensorBegin > tensorEnd || tensorEnd > dataBytes)
            {
                throw new InvalidSafetensorsException(
                    $"{what} within the {dataBytes} bytes of data", $"bytes {tensorBegin} to {tensorEnd}");
            }
            if (tensorBegin != end)
            {
                throw new InvalidSafetensorsException(
                    $"{what} to begin at byte {end} of the data, behind {before}",
                    $"{(tensorBegin < end ? "an overlap" : "a hole")}: it begins at {tensorBegin}");
            }

            tensors[i] = tensor with { FileOffset = dataOffset + tensorBegin, LengthBytes = tensorEnd - tensorBegin };
            if (tensor.Dtype != SafetensorsDtype.Unknown)
                CheckSize(what, tensors[i]);
            end = tensorEnd;
            before = what;
        }

        return end == dataBytes
            ? tensors
            : throw new InvalidSafetensorsException(
                $"the file to end behind {before}, at byte {end} of the data", $"{dataBytes} bytes of data");
    }

    private static void CheckSize(string what, TensorInfo tensor)
    {
        long size = TensorInfo.SizeOf(tensor.Dtype, tensor.Shape)
            ?? throw new InvalidSafetensorsException($"{what} of a size that fits in 63 bits", $"shape {tensor.ShapeText}");
        if (size != tensor.LengthBytes)
            throw new InvalidSafetensorsException($"{size} bytes of {what}, {tensor.Dtype} {tensor.ShapeText}", $"{tensor.LengthBytes}");
    }
}
