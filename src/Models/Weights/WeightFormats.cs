using Neuralink.Kernels;
using Neuralink.Storage;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Weights;

/// <summary>The weight formats as kernels, safetensors and users name them.</summary>
public static class WeightFormats
{
    /// <summary>Whether <paramref name="dtype"/> is a format the kernels take.</summary>
    public static bool IsWeight(SafetensorsDtype dtype) => dtype is SafetensorsDtype.F32 or SafetensorsDtype.F16 or SafetensorsDtype.BF16;

    public static WeightFormat From(SafetensorsDtype dtype) => dtype switch
    {
        SafetensorsDtype.F32 => WeightFormat.F32,
        SafetensorsDtype.F16 => WeightFormat.F16,
        SafetensorsDtype.BF16 => WeightFormat.BF16,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "not a weight format"),
    };

    public static SafetensorsDtype ToDtype(WeightFormat format) => format switch
    {
        WeightFormat.F32 => SafetensorsDtype.F32,
        WeightFormat.F16 => SafetensorsDtype.F16,
        WeightFormat.BF16 => SafetensorsDtype.BF16,
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>The dtype and shape of a matrix in safetensors: of a block format its rows' bytes, which only we read.</summary>
    public static TensorDeclaration Declare(string name, WeightFormat format, int rows, int columns)
    {
        WeightKernels kernels = WeightKernels.For(format);
        return kernels.QuantizesInput
            ? new TensorDeclaration(name, SafetensorsDtype.U8, [rows, kernels.RowBytes(columns)])
            : new TensorDeclaration(name, ToDtype(format), [rows, columns]);
    }

    /// <summary>The format's name in manifests and options, e.g. "q8_0".</summary>
    public static string NameOf(WeightFormat format) => format.ToString().ToLowerInvariant();

    /// <exception cref="NeuralinkException">No such format.</exception>
    public static WeightFormat Parse(string name)
    {
        foreach (WeightFormat format in Enum.GetValues<WeightFormat>())
        {
            if (NameOf(format) == name)
                return format;
        }
        throw new NeuralinkException(
            "choose a weight format", string.Join(", ", Enum.GetValues<WeightFormat>().Select(NameOf)), $"\"{name}\"");
    }
}
