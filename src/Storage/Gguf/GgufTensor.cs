using System.Collections.Immutable;

namespace Neuralink.Storage.Gguf;

/// <summary>Where one tensor lies in a GGUF file, and what it is.</summary>
/// <param name="Name">The tensor's name, unique in its file.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its dimensions, slowest first (row-major): the file has them the other way round.</param>
/// <param name="FileOffset">Offset of its first byte from the start of the file.</param>
/// <param name="LengthBytes">Its length.</param>
public sealed record GgufTensor(string Name, GgufType Type, ImmutableArray<long> Shape, long FileOffset, long LengthBytes)
{
    /// <summary>Elements of a row.</summary>
    public long Columns => Shape[^1];

    /// <summary>The shape as an error message shows it, e.g. "[1600, 256]".</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
