using Neuralink.Studies.Planning;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Planning;

/// <summary>One run of `plan`: find the model, its activity and the device, time the computing, plan for three memories, print.</summary>
internal sealed class PlanRun(PlanSettings settings, Surroundings surroundings)
{
    // Timed after as long a warm-up: seconds at most in all, and enough for a median.
    private static readonly TimeSpan s_timing = TimeSpan.FromMilliseconds(400);

    public int Run(CancellationToken cancellation)
    {
        PlanSubject subject = PlanSubject.Find(settings, surroundings, cancellation);
        PlanReport report = Report(subject, PlanDevice.Find(settings, subject, surroundings), cancellation);
        if (settings.Json)
            surroundings.Out.WriteLine(report.ToJson());
        else
            PlanTable.Write(report, Screen.OnOut(surroundings));
        return ExitCode.Success;
    }

    /// <summary>The plan, with the computing timed.</summary>
    /// <exception cref="NeuralinkException">The model does not fit into its memory.</exception>
    public PlanReport Report(PlanSubject subject, PlanDevice device, CancellationToken cancellation)
    {
        EngineOptions options = device.Options with { ContextTokens = ContextOf(subject) };
        MemoryPlan memory = subject.Model.MemoryPlanOf(options);      // what does not fit is said before anything takes time
        ActivationForecast active = ActiveOf(subject, cancellation);
        ComputeSpeed speed = GenerationPlanner.Measure(subject.Model, options, active, s_timing, surroundings.Time);
        GenerationPlanner planner = new(subject.Model, active, speed, device.Cost, QualityOf(subject, options));
        PlanColumn[] columns =
        [
            Column(planner, subject, WithMemory(options, memory, 0.5)),
            PlanColumn.Of("", planner.Plan(options)),
            PlanColumn.Of("double", planner.Plan(WithMemory(options, memory, 2))),
        ];
        return PlanReport.Of(subject, device, options, active, planner.Lookahead, columns);
    }

    /// <summary>The same options with a part of the memory. A cache that was asked for stays; one by default follows the memory.</summary>
    private static EngineOptions WithMemory(EngineOptions options, MemoryPlan plan, double part) =>
        options with { MemoryBytes = (long)((options.MemoryBytes ?? plan.TotalBytes) * part) };

    private static PlanColumn Column(GenerationPlanner planner, PlanSubject subject, EngineOptions half)
    {
        long smallest = GenerationPlanner.SmallestBytes(subject.Model, half);
        return half.MemoryBytes >= smallest
            ? PlanColumn.Of("half", planner.Plan(half))
            : PlanColumn.Of("smallest", planner.Plan(half with { MemoryBytes = smallest }));
    }

    private int ContextOf(PlanSubject subject)
    {
        int longest = subject.Model.Config.ContextLength;
        if (settings.ContextTokens > longest)
        {
            throw new NeuralinkException(
                $"plan for {subject.Name}", $"a context of at most {longest} tokens, which the model was made for",
                $"{settings.ContextTokens}");
        }
        return settings.ContextTokens ?? Math.Min(longest, PlanSettings.DefaultContextTokens);
    }

    private ActivationForecast ActiveOf(PlanSubject subject, CancellationToken cancellation)
    {
        if (settings.Trace is not { } path)
        {
            return subject.Image is { } image && ActivationSample.Find(image) is { } sample
                ? ActivationForecast.Of(sample)
                : ActivationForecast.Assume(subject.Model.Config);
        }
        using ActivationTrace trace = ActivationTrace.Open(path);
        // What is not packed has no digest: its shape must do.
        string digest = subject.Image?.ModelDigest ?? trace.Info.ModelDigest;
        trace.ExpectModel(subject.Name, digest, subject.Model.Config.LayerCount, subject.Model.Config.FfnSize);
        return ActivationForecast.Of(trace, cancellation);
    }

    /// <summary>A trained predictor of later layers says itself how good it is.</summary>
    private static LookaheadQuality QualityOf(PlanSubject subject, EngineOptions options)
    {
        PredictorOptions ahead = options.Lookahead ?? options.Predictor;
        string? found = ahead.Path ?? subject.Image?.PathOf(LowRankFile.NameOf(options.LookaheadLayers));
        if (ahead is { Kind: PredictorKind.LowRank } && found is { } path && File.Exists(path)
            && LowRankFile.IsOurs(path))
        {
            using LowRankFile file = LowRankFile.Open(path);
            LowRankMetrics[] figures = [.. file.Info.Layers.Select(l => l?.Figures).OfType<LowRankMetrics>()];
            if (file.Info.Depth == options.LookaheadLayers && figures.Length > 0)
                return new LookaheadQuality(figures.Average(f => f.Recall), figures.Average(f => f.Precision), IsMeasured: true);
        }
        return LookaheadQuality.Assume(ahead, options.LookaheadLayers, subject.Model.Config.LayerCount);
    }
}
