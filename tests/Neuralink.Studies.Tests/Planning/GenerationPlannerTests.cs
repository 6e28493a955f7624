using Neuralink.Studies.Planning;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Studies.Tests.Planning;

/// <summary>A plan has the engine's own memory, knows what reading takes, and never promises less for more memory.</summary>
public sealed class GenerationPlannerTests
{
    private static readonly ComputeSpeed s_speed = new()
    {
        AttentionMillis = 0.2,
        PredictorMillis = 0.1,
        LookaheadMillis = 0.1,
        ActivateMillis = 0.1,
        DownMillis = 0.05,
        Neurons = 10,
        LogitsMillis = 0.3,
        MessageMicros = 5,
        CheckMicros = 0.2,
        WarmUpMillis = 100,
    };

    private readonly PlannedModel _model = PlannedModel.Of(FlashImage.Open(BundledModel.Image));

    [Theory]
    [InlineData(ExecutionStrategy.Serial)]
    [InlineData(ExecutionStrategy.Prefetch)]
    [InlineData(ExecutionStrategy.Cluster)]
    [InlineData(ExecutionStrategy.LlmFlash)]
    public void More_memory_is_never_slower_and_never_reads_more(ExecutionStrategy strategy)
    {
        EngineOptions options = new() { Strategy = strategy, ContextTokens = 256 };
        long smallest = GenerationPlanner.SmallestBytes(_model, options);
        GenerationPlanner planner = Planner(Active());
        GenerationPlan? last = null;
        for (long memory = smallest; memory < smallest * 4; memory += smallest / 3)
        {
            GenerationPlan plan = planner.Plan(options with { MemoryBytes = memory });
            plan.Memory.TotalBytes.Should().BeLessThanOrEqualTo(memory);
            if (last is not null)
            {
                plan.Time.TotalMillis.Should().BeLessThanOrEqualTo(last.Time.TotalMillis);
                plan.BytesPerToken.Should().BeLessThanOrEqualTo(last.BytesPerToken);
                plan.HitShare.Should().BeGreaterThanOrEqualTo(last.HitShare);
            }
            last = plan;
        }
        last!.CachedShare.Should().Be(1);
    }

    [Fact]
    public async Task Its_memory_is_what_the_engine_then_has()
    {
        foreach (EngineOptions options in (EngineOptions[])
            [
                new() { ContextTokens = 100 },
                new() { MemoryBytes = 20 << 20, ContextTokens = 64, Strategy = ExecutionStrategy.Serial },
                new() { MemoryBytes = 20 << 20, Predictor = new PredictorOptions { Kind = PredictorKind.Sketch, Bits = 3 }, Threads = 1 },
            ])
        {
            await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(BundledModel.Image, options);
            Planner(Active()).Plan(options).Memory.Should().Be(engine.Memory);
            ModelConfig config = HuggingFaceConfig.Read(BundledModel.Folder);
            PlannedModel.Of(config, WeightFormat.F16).MemoryPlanOf(options).Should()
                .Be(engine.Memory, "a model needs the same before it is packed");
        }
    }

    [Fact]
    public void The_smallest_memory_works_and_a_mebibyte_less_does_not()
    {
        EngineOptions options = new() { ContextTokens = 128 };
        long smallest = GenerationPlanner.SmallestBytes(_model, options);
        _model.MemoryPlanOf(options with { MemoryBytes = smallest }).TotalBytes.Should().BeLessThanOrEqualTo(smallest);
        _model.Invoking(m => m.MemoryPlanOf(options with { MemoryBytes = smallest - (1 << 20) })).Should().Throw<NeuralinkException>()
            .WithMessage("*resident weights*--memory*");
    }

    [Fact]
    public void What_is_read_is_counted_with_nothing_cached()
    {
        ActivationForecast active = TenNeurons();
        EngineOptions options = new() { Strategy = ExecutionStrategy.Serial, Cache = CacheSize.OfBytes(0), ContextTokens = 64 };
        GenerationPlan plan = Planner(active).Plan(options);
        (plan.HitShare, plan.ReadsPerToken, plan.BytesPerToken).Should().Be((0, 6, 6 * 10 * 2048));
        const double ReadMillis = (20 + 20.48) / 1000;
        plan.Time.DeviceMillis.Should().BeApproximately(6 * ReadMillis, 1e-6);
        plan.Time.ComputeMillis.Should().BeApproximately((6 * 0.45) + 0.3, 1e-6);
        // A message to Io and one of its two wakes Compute's thread again; the device wakes Io.
        plan.Time.WaitMillis.Should().BeApproximately(6 * (ReadMillis + 0.05 + (3 * 0.005) + (10 * 0.0002)), 1e-6);
        GenerationPlan cached = Planner(active).Plan(options with { Cache = CacheSize.OfShare(0.5) });
        (cached.HitShare, cached.ReadsPerToken, cached.Time.WaitMillis).Should().Be((1, 0, 0), "the same ten fire always");
        plan.WarmUpMillis.Should().BeApproximately(100, 0.01, "without a cache the first tokens are like all others");
        cached.WarmUpMillis.Should().BeGreaterThan(100 + (6 * ReadMillis), "the first token finds an empty cache");
    }

    [Fact]
    public void Reads_ahead_hide_behind_computing()
    {
        EngineOptions options = new() { Strategy = ExecutionStrategy.Serial, Cache = CacheSize.OfBytes(0), ContextTokens = 64 };
        GenerationPlan serial = Planner(TenNeurons()).Plan(options);
        LookaheadQuality perfect = new(1, 1, IsMeasured: true);
        GenerationPlan ahead = Planner(TenNeurons(), perfect).Plan(options with { Strategy = ExecutionStrategy.Prefetch });
        ahead.ReadsPerToken.Should().Be(6);
        ahead.Time.WaitMillis.Should().BeLessThan(serial.Time.WaitMillis / 4);
        ahead.Time.TotalMillis.Should().BeLessThan(serial.Time.TotalMillis + (6 * s_speed.LookaheadMillis));
    }

    [Fact]
    public void What_is_read_ahead_in_vain_is_counted_unless_the_gate_closes()
    {
        EngineOptions options = new() { Strategy = ExecutionStrategy.Prefetch, Cache = CacheSize.OfBytes(0), ContextTokens = 64 };
        GenerationPlanner half = Planner(Active(), new LookaheadQuality(0.1, 0.1, IsMeasured: true));
        double plain = Planner(Active()).Plan(options with { Strategy = ExecutionStrategy.Serial }).BytesPerToken;
        half.Plan(options with { LookaheadPrecisionMin = 0 }).BytesPerToken.Should().BeGreaterThan(1.2 * plain);
        double gated = half.Plan(options with { LookaheadPrecisionMin = 0.6 }).BytesPerToken;
        gated.Should().BeApproximately(plain, 0.02 * plain, "the engine reads nothing ahead by a lookahead that is mostly wrong");
    }

    [Fact]
    public void A_plan_is_the_same_each_time()
    {
        EngineOptions options = new() { Strategy = ExecutionStrategy.PrefetchCluster, ContextTokens = 64 };
        Planner(Active()).Plan(options).Should().Be(Planner(Active()).Plan(options));
    }

    [Fact]
    public void An_approximate_predictor_is_taken_to_read_more()
    {
        EngineOptions options = new() { Strategy = ExecutionStrategy.Serial, Cache = CacheSize.OfBytes(0), ContextTokens = 64 };
        EngineOptions sketch = options with { Predictor = new PredictorOptions { Kind = PredictorKind.Sketch } };
        GenerationPlan exact = Planner(Active()).Plan(options), more = Planner(Active()).Plan(sketch);
        more.BytesPerToken.Should().BeGreaterThan(1.05 * exact.BytesPerToken);
        more.Time.FfnMillis.Should().BeApproximately(1.1 * exact.Time.FfnMillis, 0.01 * exact.Time.FfnMillis);
    }

    [Fact]
    public void A_model_that_is_not_packed_has_no_trained_predictor()
    {
        PlannedModel model = PlannedModel.Of(_model.Config, WeightFormat.F16);
        EngineOptions options = new() { Predictor = new PredictorOptions { Kind = PredictorKind.LowRank } };
        model.Invoking(m => m.MemoryPlanOf(options)).Should().Throw<NeuralinkException>().WithMessage("*not packed*neuralink pack*");
        model.Invoking(m => GenerationPlanner.SmallestBytes(m, options)).Should().Throw<NeuralinkException>();
    }

    [Theory]
    [InlineData(ExecutionStrategy.Serial, PredictorKind.Exact, false)]
    [InlineData(ExecutionStrategy.Prefetch, PredictorKind.Exact, true)]
    [InlineData(ExecutionStrategy.Prefetch, PredictorKind.Sketch, true)]
    public void Computing_is_timed_part_by_part(ExecutionStrategy strategy, PredictorKind kind, bool looksAhead)
    {
        PredictorOptions predictor = new() { Kind = kind };
        EngineOptions options = new() { Strategy = strategy, Predictor = predictor, ContextTokens = 64, Threads = 2 };
        ComputeSpeed speed = GenerationPlanner.Measure(_model, options, Active(), TimeSpan.FromMilliseconds(1), TimeProvider.System);
        double[] parts =
        [
            speed.AttentionMillis, speed.PredictorMillis, speed.ActivateMillis, speed.DownMillis, speed.LogitsMillis, speed.MessageMicros,
            speed.CheckMicros,
        ];
        foreach (double part in parts)
            part.Should().BePositive();
        (speed.LookaheadMillis > 0).Should().Be(looksAhead);
    }

    [Fact]
    public void Every_kind_of_model_can_be_timed()
    {
        foreach (RandomModelSpec spec in RandomModels.All)
        {
            using RandomModel random = new(spec);
            ModelConfig config = HuggingFaceConfig.Read(random.Folder);
            PlannedModel model = PlannedModel.Of(config, WeightFormat.BF16);
            EngineOptions options = new() { Threads = 1 };
            ActivationForecast active = ActivationForecast.Assume(config);
            ComputeSpeed speed = GenerationPlanner.Measure(model, options, active, TimeSpan.Zero, TimeProvider.System);
            speed.LogitsMillis.Should().BePositive("of {0}", spec.Name);
        }
    }

    /// <summary>Every token fires neurons 0 to 9 of each layer: one read of ten bundles.</summary>
    private static ActivationForecast TenNeurons()
    {
        ActivationMatrix rows = ActivationMatrix.FromLists(2048, [.. Enumerable.Repeat(Enumerable.Range(0, 10).ToArray(), 40)]);
        return new ActivationForecast([.. Enumerable.Repeat(rows, 6)], [0, 1, 2, 3, 4, 5], 6, "test", IsRecorded: true);
    }

    private static ActivationForecast Active()
    {
        ModelConfig config = HuggingFaceConfig.Read(BundledModel.Folder);
        return ActivationForecast.Assume(config with { FfnSize = 2048 });
    }

    private GenerationPlanner Planner(ActivationForecast active, LookaheadQuality? lookahead = null) =>
        new(_model, active, s_speed, ReadCost.Default, lookahead ?? LookaheadQuality.Assume(PredictorOptions.Exact, 1, 6));
}
