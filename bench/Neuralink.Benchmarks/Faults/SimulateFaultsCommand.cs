using System.Diagnostics;
using Neuralink.Studies.Faults;

namespace Neuralink.Benchmarks.Faults;

/// <summary>
/// `simulate-faults`: runs fault scenarios, one seed after the other, until the time is up or one fails. It prints how many they were, and
/// the seed that failed, by which the same scenario runs again.
/// </summary>
internal static class SimulateFaultsCommand
{
    private const int SeedsPerBlock = 256;

    public static int Run(string[] arguments)
    {
        double minutes = 1;
        int seed = 0, threads = Environment.ProcessorCount;
        for (int i = 0; i < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--minutes" when i + 1 < arguments.Length:
                    minutes = double.Parse(arguments[i + 1]);
                    break;
                case "--seed" when i + 1 < arguments.Length:
                    seed = int.Parse(arguments[i + 1]);
                    break;
                case "--threads" when i + 1 < arguments.Length:
                    threads = int.Parse(arguments[i + 1]);
                    break;
                default:
                    Console.Error.WriteLine($"simulate-faults: unknown or incomplete option {arguments[i]}");
                    return 2;
            }
        }
        return Search(seed, TimeSpan.FromMinutes(minutes), threads);
    }

    private static int Search(int firstSeed, TimeSpan duration, int threads)
    {
        long start = Stopwatch.GetTimestamp();
        int nextBlock = -1;
        long scenarios = 0;
        Failure? failure = null;
        Lock gate = new();
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            while (Volatile.Read(ref failure) is null && Stopwatch.GetElapsedTime(start) < duration)
                RunBlock(firstSeed + (Interlocked.Increment(ref nextBlock) * SeedsPerBlock));
        });
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($"{scenarios} scenarios from seed {firstSeed} on in {seconds:0} s on {threads} threads");
        if (failure is not { } found)
            return 0;
        Console.Error.WriteLine($"Seed {found.Seed} fails: {found.Error}");
        return 1;

        void RunBlock(int block)
        {
            for (int seed = block; seed < block + SeedsPerBlock; seed++)
            {
                Interlocked.Increment(ref scenarios);
                try
                {
                    FaultSimulation.Run(seed);
                }
                catch (InvalidOperationException error)
                {
                    lock (gate)
                    {
                        if (failure is null || seed < failure.Seed)
                            failure = new Failure(seed, error);
                    }
                    return;
                }
            }
        }
    }

    private sealed record Failure(int Seed, Exception Error);
}
