using System.Diagnostics.CodeAnalysis;

namespace Neuralink.Storage.Safetensors;

/// <summary>
/// An element type of the safetensors format, named as its headers name it. The types below one byte (F4, F6) and those that may come
/// are <see cref="Unknown"/>: a tensor of such a type can lie in a file, but is not read.
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "These are the format's own names.")]
public enum SafetensorsDtype
{
    /// <summary>A type that is not among these; the tensor keeps its name.</summary>
    Unknown,
    BOOL,
    U8,
    I8,
    F8_E4M3,
    F8_E5M2,
    F8_E8M0,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    I64,
    U64,
    F64,
    C64,
}

/// <summary>What is known about a <see cref="SafetensorsDtype"/>.</summary>
public static class SafetensorsDtypes
{
    private static readonly Dictionary<string, SafetensorsDtype> s_byName =
        Enum.GetValues<SafetensorsDtype>().Where(dtype => dtype != SafetensorsDtype.Unknown)
            .ToDictionary(dtype => dtype.ToString(), StringComparer.Ordinal);

    /// <summary>Bytes of one element.</summary>
    public static int SizeBytes(this SafetensorsDtype dtype) => dtype switch
    {
        SafetensorsDtype.BOOL or SafetensorsDtype.U8 or SafetensorsDtype.I8 => 1,
        SafetensorsDtype.F8_E4M3 or SafetensorsDtype.F8_E5M2 or SafetensorsDtype.F8_E8M0 => 1,
        SafetensorsDtype.I16 or SafetensorsDtype.U16 or SafetensorsDtype.F16 or SafetensorsDtype.BF16 => 2,
        SafetensorsDtype.I32 or SafetensorsDtype.U32 or SafetensorsDtype.F32 => 4,
        SafetensorsDtype.I64 or SafetensorsDtype.U64 or SafetensorsDtype.F64 or SafetensorsDtype.C64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, message: null),
    };

    /// <summary>The type a header calls <paramref name="name"/>; false where there is none of that name.</summary>
    internal static bool TryParse(string name, out SafetensorsDtype dtype) => s_byName.TryGetValue(name, out dtype);
}
