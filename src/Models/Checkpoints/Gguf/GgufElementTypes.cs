using Neuralink.Kernels;
using Neuralink.Models.Weights;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Checkpoints.Gguf;

/// <summary>The types of a GGUF file's tensors as a source of weights has them.</summary>
internal static class GgufElementTypes
{
    private static readonly Dictionary<string, ElementType> s_byName =
        GgufType.All.ToDictionary(type => type.Name, Make, StringComparer.Ordinal);

    public static ElementType Of(GgufType type) => s_byName[type.Name];

    // Types that no kernel reads stay in the table, so that a tensor of one is refused by its name.
    private static ElementType Make(GgufType type) =>
        Enum.TryParse(type.Name, out BlockFormat block)
            ? new ElementType(
                type.Name, type.BlockElements, type.BlockBytes, BlockKernels.For(block).Decode,
                Enum.TryParse(type.Name, out WeightFormat same) ? same : null)
            : Enum.TryParse(type.Name, out WeightFormat format) ? ElementType.Of(format)
            : new ElementType(type.Name, type.BlockElements, type.BlockBytes, decode: null);
}
