using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>The limit: reads all of the buffer and adds it up, so that nothing can be left out.</summary>
internal sealed class ReadCase(HugeBuffer buffer, int threads) : IKernelCase, IParallelBody
{
    private const int BlockBytes = 1 << 16;

    private readonly ulong[] _sums = new ulong[threads * 16];

    public string Name => "read";

    public long BytesRead => buffer.LengthBytes / BlockBytes * BlockBytes;

    public void Pass(WorkerPool pool) => pool.Run(this, (int)(buffer.LengthBytes / BlockBytes), 1);

    public void Execute(int begin, int end, int worker)
    {
        ulong sum = 0;
        for (int block = begin; block < end; block++)
            sum += SumOf(buffer.Slice((long)block * BlockBytes, BlockBytes));

        _sums[worker * 16] = sum;
    }

    private static ulong SumOf(ReadOnlySpan<byte> block)
    {
        ref ulong source = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<byte, ulong>(block));
        Vector512<ulong> s0 = default, s1 = default, s2 = default, s3 = default;
        for (nuint i = 0; i < BlockBytes / sizeof(ulong); i += 32)
        {
            s0 += Vector512.LoadUnsafe(ref source, i);
            s1 += Vector512.LoadUnsafe(ref source, i + 8);
            s2 += Vector512.LoadUnsafe(ref source, i + 16);
            s3 += Vector512.LoadUnsafe(ref source, i + 24);
        }

        return Vector512.Sum(s0 + s1 + s2 + s3);
    }
}
