using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Neuralink.Hosting;
using Neuralink.Server;

namespace Neuralink.Benchmarks.Serving;

/// <summary>
/// `soak`: the real server on a real socket under mixed traffic, with faults injected into its flash: streams and whole answers,
/// conversations, clients that leave, read slowly or send nonsense, and bursts beyond the queue. It ends with 0 only if no request failed
/// without a cause that was injected, every frame and KV block came back, and memory stayed flat.
/// </summary>
internal static class SoakCommand
{
    // What .NET's own heap may grow by while it finds its size.
    private const long GrowthBytesMax = 48L << 20;

    public static async Task<int> RunAsync(string[] arguments)
    {
        double minutes = 30;
        int clients = 12, sequences = 6;
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--minutes":
                    minutes = double.Parse(arguments[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--clients":
                    clients = int.Parse(arguments[i + 1], CultureInfo.InvariantCulture);
                    break;
                case "--sequences":
                    sequences = int.Parse(arguments[i + 1], CultureInfo.InvariantCulture);
                    break;
                default:
                    Console.Error.WriteLine($"soak: unknown option {arguments[i]}");
                    return 2;
            }
        }
        SoakFaults faults = new(TimeProvider.System);
        await using WebApplication app = ServerHost.Build(Settings(sequences), services => services.AddSingleton(faults.Decorator));
        await app.StartAsync();
        NeuralinkEngine engine = await app.Services.GetRequiredService<INeuralinkEngine>().WhenReady;
        SoakLedger ledger = new(faults);
        bool isSound = await RunAsync(new Uri(app.Urls.First()), engine, faults, ledger, clients, TimeSpan.FromMinutes(minutes));
        await app.StopAsync();
        return isSound ? 0 : 1;
    }

    private static KeyValuePair<string, string?>[] Settings(int sequences) =>
    [
        new("Neuralink:Model", BundledModel.Folder),
        new("Neuralink:Cache", "5%"),
        new("Neuralink:Sequences", $"{sequences}"),
        new("Neuralink:Waiting", $"{sequences}"),
        new("Neuralink:KvTokens", "1536"),
        new("Neuralink:Server:Port", "0"),
        new("Logging:LogLevel:Default", "None"),
        new("Logging:LogLevel:Microsoft", "None"),
        new("Logging:LogLevel:Akka", "None"),
    ];

    private static async Task<bool> RunAsync(
        Uri address, NeuralinkEngine engine, SoakFaults faults, SoakLedger ledger, int clients, TimeSpan duration)
    {
        // A machine that stands still for a while, or has much else to do, is no fault of the server.
        using HttpClient http = new() { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
        long start = Stopwatch.GetTimestamp();
        // Memory is compared from where the traffic has found its size.
        long settledBytes = 0;
        SoakClient[] all = [.. Enumerable.Range(0, clients).Select(i => new SoakClient(http, ledger, seed: i))];
        Task[] running = [.. all.Select(client => Task.Run(() => client.RunAsync(() => Stopwatch.GetElapsedTime(start) < duration)))];
        Task traffic = Task.WhenAll(running);
        while (!traffic.IsCompleted)
        {
            await Task.WhenAny(traffic, Task.Delay(TimeSpan.FromSeconds(1)));
            faults.Next();
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            if (settledBytes == 0 && elapsed > duration / 3)
                settledBytes = MemoryBytes();
            if ((int)elapsed.TotalSeconds % 30 == 0)
            {
                Console.Error.WriteLine(
                    $"{elapsed:hh\\:mm\\:ss} of {duration:hh\\:mm\\:ss}: {ledger.Summary}, {MemoryBytes() >> 20} MiB, "
                    + $"{engine.Status.Running} running, {engine.Status.Waiting} waiting");
            }
        }
        await traffic;
        faults.End();
        await IdleAsync(engine);
        return Report(engine, ledger, settledBytes, MemoryBytes());
    }

    /// <summary>Clients that left are gone for the engine too, a token later.</summary>
    private static async Task IdleAsync(NeuralinkEngine engine)
    {
        using CancellationTokenSource hangs = new(TimeSpan.FromSeconds(30));
        while (engine.Status is not { Running: 0, Waiting: 0 } && !hangs.IsCancellationRequested)
            await Task.Delay(50);
    }

    private static bool Report(NeuralinkEngine engine, SoakLedger ledger, long settledBytes, long endBytes)
    {
        EngineStatus status = engine.Status;
        int lostBlocks = status.KvBlocks - status.KvBlocksFree - status.KvBlocksKept;
        bool isFlat = endBytes - settledBytes <= GrowthBytesMax;
        Console.WriteLine(ledger.Summary);
        Console.WriteLine($"first token: {ledger.FirstToken}; between tokens: {ledger.BetweenTokens}");
        Console.WriteLine($"still held: {engine.LeaseCount} frames and sets, {lostBlocks} KV blocks; running: {status.Running}");
        Console.WriteLine($"memory: {settledBytes >> 20} MiB after a third, {endBytes >> 20} MiB at the end");
        foreach (string failure in ledger.Unexplained.Take(20))
            Console.WriteLine($"without a cause: {failure}");
        long retries = engine.Totals.Io.Retries;      // a soak whose faults do not reach the engine says nothing
        Console.WriteLine($"reads that failed or were damaged, and were repeated: {retries}");
        bool isSound = ledger.Unexplained.IsEmpty && engine.LeaseCount == 0 && lostBlocks == 0 && status.Running == 0 && isFlat
            && retries > 0;
        Console.WriteLine(isSound ? "sound" : "NOT sound");
        return isSound;
    }

    private static long MemoryBytes()
    {
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
