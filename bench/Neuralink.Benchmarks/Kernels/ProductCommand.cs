using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Neuralink.Studies.Measuring;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>
/// `products`: matrix products by batch, as a share of the multiply-adds that one core can do. The peak is measured between the products,
/// with sums in registers and nothing loaded. Both are by the processor time of the process, so that other load counts less.
/// </summary>
internal static class ProductCommand
{
    // Sums that wait for nobody: two a cycle, four cycles each, and some to spare.
    private const int PeakSums = 12;

    private static readonly WeightFormat[] s_formats =
        [WeightFormat.F32, WeightFormat.F16, WeightFormat.BF16, WeightFormat.Q8_0, WeightFormat.Q4_0];

    public static int Run(string[] arguments)
    {
        int rows = 4096, columns = 4096, rounds = 5;
        int[] batches = [1, 8, 64, 512];
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--rows":
                    rows = int.Parse(arguments[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--columns":
                    columns = int.Parse(arguments[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--batches":
                    batches = [.. arguments[i + 1].Split(',').Select(int.Parse)];
                    break;
                case "--rounds":
                    rounds = int.Parse(arguments[i + 1], CultureInfo.InvariantCulture);
                    break;
                default:
                    Console.Error.WriteLine($"products: unknown option {arguments[i]}");
                    return 2;
            }
        }

        Console.WriteLine(Processor.Description);
        Console.WriteLine($"{rows} x {columns}, one thread, {rounds} rounds, median");
        foreach (int batch in batches)
        {
            foreach (WeightFormat format in s_formats)
                Measure(format, rows, columns, batch, rounds);
        }

        return 0;
    }

    private static void Measure(WeightFormat format, int rows, int columns, int batch, int rounds)
    {
        WeightKernels kernels = WeightKernels.For(format);
        int rowBytes = kernels.RowBytes(columns);
        using HugeBuffer buffer = new((long)rows * rowBytes);
        float[] values = NormalWeights.Draw(columns * 16, 0.02);
        for (int r = 0; r < rows; r++)
            kernels.Encode(values.AsSpan(r % 16 * columns, columns), buffer.Slice((long)r * rowBytes, rowBytes));
        Memory<float> x = AlignedFloats.Create(batch * columns, 0.5f), y = AlignedFloats.Create(batch * rows, 0f);
        byte[] quantized = kernels.QuantizesInput ? MatrixVectorCase.QuantizedOf(x.Span, columns) : [];
        ReadOnlySpan<byte> weights = buffer.Slice(0, rows * rowBytes);
        long products = (long)rows * columns * batch;
        int repeats = (int)Math.Max(1, (1L << 31) / products);
        double[] rates = new double[rounds], shares = new double[rounds];
        for (int round = -2; round < rounds; round++)
        {
            double peak = PeakRate();
            TimeSpan start = Environment.CpuUsage.UserTime;
            for (int i = 0; i < repeats; i++)
                kernels.MatMul(weights, new ProductInput(x.Span, quantized), [], y.Span, MatMulShape.Whole(rows, columns, batch));
            double rate = 2.0 * products * repeats / (Environment.CpuUsage.UserTime - start).TotalSeconds;
            if (round >= 0)
                (rates[round], shares[round]) = (rate, rate / peak);
        }

        Array.Sort(rates);
        Array.Sort(shares);
        Console.WriteLine($"  {format,-5} x {batch,-4} {rates[rounds / 2] / 1e9,7:F1} GFLOP/s   share of the peak {shares[rounds / 2]:F2}");
    }

    /// <summary>Operations a second of multiply-adds in registers, by the widest vectors there are.</summary>
    private static double PeakRate()
    {
        const int Turns = 4_000_000;
        TimeSpan start = Environment.CpuUsage.UserTime;
        float sum = Avx512F.IsSupported ? Turn512(Turns) : Turn256(Turns);
        double seconds = (Environment.CpuUsage.UserTime - start).TotalSeconds;
        GC.KeepAlive(sum);
        return 2.0 * Turns * PeakSums * (Avx512F.IsSupported ? 16 : 8) / seconds;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Turn256(int turns)
    {
        Vector256<float> a = Vector256.Create(1.0001f), b = Vector256.Create(1e-9f);
        Vector256<float> s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
        for (int i = 0; i < turns; i++)
        {
            s0 = Vector256.FusedMultiplyAdd(a, b, s0);
            s1 = Vector256.FusedMultiplyAdd(a, b, s1);
            s2 = Vector256.FusedMultiplyAdd(a, b, s2);
            s3 = Vector256.FusedMultiplyAdd(a, b, s3);
            s4 = Vector256.FusedMultiplyAdd(a, b, s4);
            s5 = Vector256.FusedMultiplyAdd(a, b, s5);
            s6 = Vector256.FusedMultiplyAdd(a, b, s6);
            s7 = Vector256.FusedMultiplyAdd(a, b, s7);
            s8 = Vector256.FusedMultiplyAdd(a, b, s8);
            s9 = Vector256.FusedMultiplyAdd(a, b, s9);
            s10 = Vector256.FusedMultiplyAdd(a, b, s10);
            s11 = Vector256.FusedMultiplyAdd(a, b, s11);
        }

        return Vector256.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Turn512(int turns)
    {
        Vector512<float> a = Vector512.Create(1.0001f), b = Vector512.Create(1e-9f);
        Vector512<float> s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
        for (int i = 0; i < turns; i++)
        {
            s0 = Avx512F.FusedMultiplyAdd(a, b, s0);
            s1 = Avx512F.FusedMultiplyAdd(a, b, s1);
            s2 = Avx512F.FusedMultiplyAdd(a, b, s2);
            s3 = Avx512F.FusedMultiplyAdd(a, b, s3);
            s4 = Avx512F.FusedMultiplyAdd(a, b, s4);
            s5 = Avx512F.FusedMultiplyAdd(a, b, s5);
            s6 = Avx512F.FusedMultiplyAdd(a, b, s6);
            s7 = Avx512F.FusedMultiplyAdd(a, b, s7);
            s8 = Avx512F.FusedMultiplyAdd(a, b, s8);
            s9 = Avx512F.FusedMultiplyAdd(a, b, s9);
            s10 = Avx512F.FusedMultiplyAdd(a, b, s10);
            s11 = Avx512F.FusedMultiplyAdd(a, b, s11);
        }

        return Vector512.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11);
    }
}
