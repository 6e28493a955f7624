using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Storage;
using Neuralink.Storage.Memory;

namespace Neuralink.Studies.Measuring;

/// <summary>
/// How fast memory is read: the limit of all products of a matrix with one vector, because such a product uses each weight once.
/// </summary>
public static class MemoryBandwidth
{
    /// <summary>What is read: more than the caches of a processor hold.</summary>
    public const long BufferBytes = 192L << 20;

    /// <summary>Reads a buffer from end to end, again and again, and takes the fastest time.</summary>
    /// <param name="threads">That share the buffer.</param>
    /// <param name="duration">How long to go on; the buffer is read twice at least.</param>
    /// <param name="time">The clock.</param>
    /// <param name="bufferBytes">The buffer's size.</param>
    /// <returns>Bytes a second.</returns>
    /// <exception cref="NeuralinkException">The system does not give that memory.</exception>
    public static double Measure(int threads, TimeSpan duration, TimeProvider time, long bufferBytes = BufferBytes)
    {
        using NativeArena memory = new(bufferBytes);
        using WorkerPool pool = new(threads);
        Sweep sweep = new(memory.Allocate(bufferBytes, "bandwidth"));
        sweep.Run(pool, isWriting: true);       // gives the pages memory; pages never written may all be one page of zeros
        sweep.Run(pool, isWriting: false);
        long start = time.GetTimestamp();
        TimeSpan fastest = TimeSpan.MaxValue;
        do
        {
            long begin = time.GetTimestamp();
            sweep.Run(pool, isWriting: false);
            TimeSpan taken = time.GetElapsedTime(begin);
            fastest = taken < fastest ? taken : fastest;
        }
        while (time.GetElapsedTime(start) < duration);
        return bufferBytes / Math.Max(fastest.TotalSeconds, 1e-9);
    }

    private sealed class Sweep(NativeBuffer buffer) : IParallelBody
    {
        // A page of 4 KiB is what a worker gets at least.
        private const int BlockBytes = 4096, BlockLongs = BlockBytes / sizeof(long);

        private bool _isWriting;
        private long _sum;

        public void Run(WorkerPool pool, bool isWriting)
        {
            _isWriting = isWriting;
            pool.Run(this, (int)(buffer.LengthBytes / BlockBytes), grain: 1);
        }

        public void Execute(int begin, int end, int worker)
        {
            for (int block = begin; block < end; block++)
            {
                Span<long> numbers = buffer.Span<long>((long)block * BlockLongs, BlockLongs);
                if (_isWriting)
                    numbers.Fill(block);
                else
                    Interlocked.Add(ref _sum, Sum(numbers));        // once a page: what is not used would not be read
            }
        }

        // Fast from the first call on: there is no time for the runtime to find out that it pays.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static long Sum(ReadOnlySpan<long> numbers)
        {
            ReadOnlySpan<Vector<long>> vectors = MemoryMarshal.Cast<long, Vector<long>>(numbers);
            Vector<long> a = Vector<long>.Zero, b = a, c = a, d = a;
            for (int i = 0; i < vectors.Length; i += 4)
            {
                a += vectors[i];
                b += vectors[i + 1];
                c += vectors[i + 2];
                d += vectors[i + 3];
            }
            return Vector.Sum(a + b + (c + d));
        }
    }
}
