namespace Neuralink.Storage.Gguf;

/// <summary>The type of a metadata value; the numbers are the format's.</summary>
internal enum GgufValueType : uint
{
    U8 = 0,
    I8 = 1,
    U16 = 2,
    I16 = 3,
    U32 = 4,
    I32 = 5,
    F32 = 6,
    Bool = 7,
    Text = 8,
    Array = 9,
    U64 = 10,
    I64 = 11,
    F64 = 12,
}

/// <summary>What is known about a <see cref="GgufValueType"/>.</summary>
internal static class GgufValueTypes
{
    /// <summary>The fewest bytes that a value takes: a text has its length, and an array its items' type and their number.</summary>
    public static int MinimumBytes(this GgufValueType type) => type switch
    {
        GgufValueType.U8 or GgufValueType.I8 or GgufValueType.Bool => 1,
        GgufValueType.U16 or GgufValueType.I16 => 2,
        GgufValueType.U32 or GgufValueType.I32 or GgufValueType.F32 => 4,
        GgufValueType.U64 or GgufValueType.I64 or GgufValueType.F64 or GgufValueType.Text => 8,
        GgufValueType.Array => 12,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, message: null),
    };

    /// <summary>The type as a message names it, e.g. "u32", "string".</summary>
    public static string NameOf(GgufValueType type) => type == GgufValueType.Text ? "string" : type.ToString().ToLowerInvariant();
}
