using System.Runtime.CompilerServices;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>Floats aligned to cache lines, as the engine's activations are: a store across two lines costs twice.</summary>
internal static class AlignedFloats
{
    private const int LineBytes = 64;

    public static unsafe Memory<float> Create(int count, float value)
    {
        float[] array = GC.AllocateArray<float>(count + (LineBytes / sizeof(float)), pinned: true);
        nint misalignment = (nint)Unsafe.AsPointer(ref array[0]) % LineBytes;
        Memory<float> aligned = array.AsMemory((int)((LineBytes - misalignment) % LineBytes) / sizeof(float), count);
        aligned.Span.Fill(value);
        return aligned;
    }
}
