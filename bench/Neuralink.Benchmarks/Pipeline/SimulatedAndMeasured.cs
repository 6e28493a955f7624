using System.Globalization;
using Neuralink.Placement;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Planning;
using Neuralink.Studies.Simulation;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>One strategy with one cache: measured several times, and simulated.</summary>
internal sealed class SimulatedAndMeasured(
    string image, ScoredText text, ExecutionStrategy strategy, double cache, int threads)
{
    private const int GapBytes = 16 << 10;

    private static readonly TimeSpan s_timing = TimeSpan.FromMilliseconds(200);

    private readonly List<Run> _measured = [], _simulated = [];

    public static string Header =>
        "strategy          cache  ms/token: measured  simulated  ratio (each round)   computing: measured  simulated   wait: measured  "
        + "simulated   reads: measured  simulated   KiB: measured  simulated";

    private int Half => (text.Tokens.Length - 1) / 2;

    /// <summary>Measures once, and simulates the very same with what the device and the processor take just now.</summary>
    public async Task RunAsync(DeviceModel device)
    {
        EngineOptions options = OptionsOn(device);
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image, options);
        List<PassMetrics> passes = [];
        await ScoreAsync(engine, passes, 0..(Half + 1));
        passes.Clear();
        await ScoreAsync(engine, passes, 0..text.Tokens.Length);
        List<PassMetrics> counted = passes[Half..];
        _measured.Add(new Run(
            counted.Average(p => p.TotalMillis), counted.Average(p => p.Layers.Sum(l => l.WaitMillis)),
            counted.Average(p => (double)p.Layers.Sum(l => l.Reads)), counted.Average(p => (double)p.Layers.Sum(l => l.BytesRead))));
        CellResult simulated = Simulate(options, engine.Memory, device);
        _simulated.Add(new Run(simulated.TokenMillis, simulated.WaitMillis, simulated.Reads, simulated.Bytes));
    }

    /// <summary>Medians of the rounds.</summary>
    public string Row()
    {
        double[] ratios = [.. _measured.Zip(_simulated, (m, s) => s.TokenMillis / m.TokenMillis).Order()];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{StrategySwitches.Of(strategy).Name,-17} {cache,4:0%}  {Measured(r => r.TokenMillis),18:0.00}  "
            + $"{Simulated(r => r.TokenMillis),9:0.00}  {ratios[ratios.Length / 2],5:0.00} ({ratios[0]:0.00} to {ratios[^1]:0.00})   "
            + $"{Measured(r => r.ComputeMillis),19:0.00}  {Simulated(r => r.ComputeMillis),9:0.00}   "
            + $"{Measured(r => r.WaitMillis),14:0.00}  "
            + $"{Simulated(r => r.WaitMillis),9:0.00}   {Measured(r => r.Reads),15:0}  {Simulated(r => r.Reads),9:0}   "
            + $"{Measured(r => r.Bytes / 1024),13:0}  {Simulated(r => r.Bytes / 1024),9:0}");

        double Measured(Func<Run, double> metric) => Median(_measured, metric);

        double Simulated(Func<Run, double> metric) => Median(_simulated, metric);
    }

    private static double Median(List<Run> runs, Func<Run, double> metric) => runs.Select(metric).Order().ElementAt(runs.Count / 2);

    private EngineOptions OptionsOn(DeviceModel device) => new()
    {
        Strategy = strategy,
        Cache = CacheSize.OfShare(cache),
        Threads = threads,
        ContextTokens = text.Tokens.Length + 1,
        ChunkTokens = 1,
        QueueDepth = device.AdvisedDepth,
        Io = FlashAccess.Direct,
        // So that both read the same: a detector follows the clock.
        CollapseGapBytes = GapBytes,
        WarmUp = WarmUpMode.None,
        Lookahead = new PredictorOptions { Kind = PredictorKind.Sketch },
    };

    private CellResult Simulate(EngineOptions options, MemoryPlan memory, DeviceModel device)
    {
        FlashImage opened = FlashImage.Open(image);
        PlannedModel model = PlannedModel.Of(opened);
        ActivationForecast active = new(
            text.Active, [.. Enumerable.Range(0, text.Active.Count)], text.Active.Count, "the text", IsRecorded: true);
        SimulatedTokens tokens = new(new EngineSimulation
        {
            Options = options,
            Frames = memory.Frames,
            StrideBytes = opened.StrideBytes,
            Active = active,
            Orders = [.. active.LayerIndices.Select(layer => opened.PlacementOf(new LayerIndex(layer)))],
            Speed = GenerationPlanner.Measure(model, options, active, s_timing, TimeProvider.System),
            Device = new DeviceTimes(device.Cost, device.Latency, device.QueueDepth),
            SubmitMicros = device.SubmitMicros!.Value,
            // As plan and studies take it, where no trained predictor says better.
            Lookahead = LookaheadQuality.Assume(options.Lookahead!, options.LookaheadLayers, active.LayerCount),
            LooksAgain = PredictorSource.LooksAgain(options, model.Config),
            PredictedPerActive = 1,
        });
        // The engine's cache has seen the first half twice, too.
        tokens.Play(0..Half, CancellationToken.None);
        tokens.Play(0..Half, CancellationToken.None);
        return tokens.Count(Half..(text.Tokens.Length - 1), CancellationToken.None);
    }

    private async Task ScoreAsync(NeuralinkEngine engine, List<PassMetrics> passes, Range tokens)
    {
        using IDisposable observing = engine.ObservePasses(passes.Add);
        await engine.ScoreAsync(text.Tokens.AsMemory(tokens));
    }

    /// <summary>The means of a token.</summary>
    private sealed record Run(double TokenMillis, double WaitMillis, double Reads, double Bytes)
    {
        public double ComputeMillis => TokenMillis - WaitMillis;
    }
}
