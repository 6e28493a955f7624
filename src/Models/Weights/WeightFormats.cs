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

    /// <summary>"f32", "f16" or "bf16".</summary>
    public static string NameOf(WeightFormat format) => format.ToString().ToLowerInvariant();

    /// <exception cref="NeuralinkException">No such format.</exception>
    public static WeightFormat Parse(string name) => name.ToLowerInvariant() switch
    {
        "f32" => WeightFormat.F32,
        "f16" => WeightFormat.F16,
        "bf16" => WeightFormat.BF16,
        _ => throw new NeuralinkException("choose a weight format", "f16, bf16 or f32", $"\"{name}\""),
    };
}
