using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>Which vectors this machine's kernels run on, for people who want to know why a machine is as fast as it is.</summary>
public static class KernelVectors
{
    /// <summary>Bits of the registers in which products with float weights are summed: 128, 256 or 512.</summary>
    public static int WeightBits => BitsOf(WeightKernels.For(WeightFormat.F32));

    /// <summary>Bits of the registers in which the integer products of sketches are summed.</summary>
    public static int SketchBits => BitsOf(SketchKernels.For(2));

    /// <summary>
    /// Whether the processor has 512-bit vectors that the runtime does not choose by itself: on processors that lower their clock for
    /// them, it takes 256 bits.
    /// </summary>
    public static bool AvoidsWideVectors => Avx512F.IsSupported && !Vector512.IsHardwareAccelerated;

    /// <summary>How many times as long arithmetic on subnormal numbers takes here as on normal numbers, as measured.</summary>
    public static double SubnormalCost => Kernels.SubnormalCost.Ratio;

    /// <summary>Whether f16 weights are widened by a multiplication, which meets subnormal numbers, or without.</summary>
    public static bool MultipliesSubnormals => Kernels.SubnormalCost.IsSmall;

    /// <summary>The instruction sets that the runtime uses here, of those that kernels ask for, by the names of Linux.</summary>
    public static IReadOnlyList<string> InstructionSets { get; } =
        [.. from set in Sets() where set.IsUsed select set.Name];

    private static IEnumerable<(string Name, bool IsUsed)> Sets()
    {
        yield return ("avx2", Avx2.IsSupported);
        yield return ("fma", Fma.IsSupported);
        yield return ("avx512f", Avx512F.IsSupported);
        yield return ("avx512bw", Avx512BW.IsSupported);
        yield return ("avx_vnni", AvxVnni.IsSupported);
        yield return ("asimd", AdvSimd.IsSupported);
        yield return ("asimddp", Dp.IsSupported);
    }

    // From the type that runs, which is named after its bits: so this says what was chosen, and not what should have been.
    private static int BitsOf(object kernels) => int.Parse(kernels.GetType().GenericTypeArguments[^1].Name.AsSpan()[^3..]);
}
