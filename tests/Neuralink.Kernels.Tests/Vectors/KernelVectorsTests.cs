using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels.Tests.Vectors;

public sealed class KernelVectorsTests
{
    [Fact]
    public void The_widths_are_those_of_registers()
    {
        int[] widths = [128, 256, 512];
        widths.Should().Contain(KernelVectors.WeightBits).And.Contain(KernelVectors.SketchBits);
        if (!Vector256.IsHardwareAccelerated)
            KernelVectors.WeightBits.Should().Be(128);
    }

    [Fact]
    public void The_instruction_sets_are_those_of_the_runtime()
    {
        KernelVectors.InstructionSets.Contains("avx2").Should().Be(Avx2.IsSupported);
        KernelVectors.InstructionSets.Contains("avx512f").Should().Be(Avx512F.IsSupported);
        KernelVectors.AvoidsWideVectors.Should().Be(Avx512F.IsSupported && !Vector512.IsHardwareAccelerated);
    }
}
