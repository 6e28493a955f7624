using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Pipeline.Residency;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests;

/// <summary>The plan fits its budget, always; the smallest budget it names works and one byte less does not.</summary>
public sealed class MemoryPlannerTests : IDisposable
{
    private const int StrideBytes = 1024;

    private readonly RandomModel _model = new(RandomModels.LlamaRelu);
    private readonly ModelConfig _config;

    public MemoryPlannerTests() => _config = HuggingFaceConfig.Read(_model.Folder);

    public static TheoryData<ExecutionStrategy, int> Setups => new()
    {
        { ExecutionStrategy.Serial, 1 },
        { ExecutionStrategy.Serial, 32 },
        { ExecutionStrategy.Prefetch, 1 },
        { ExecutionStrategy.Prefetch, 32 },
    };

    public void Dispose() => _model.Dispose();

    [Theory]
    [MemberData(nameof(Setups))]
    public void A_plan_fits_its_budget_and_more_memory_never_means_less_cache(ExecutionStrategy strategy, int chunk)
    {
        long smallest = SmallestBudget(strategy, chunk);
        int cached = 0;
        for (long budget = smallest; budget < smallest * 3; budget += 997)
        {
            MemoryPlan plan = Make(strategy, chunk, budget);
            plan.TotalBytes.Should().BeLessThanOrEqualTo(budget);
            plan.Frames.CachedMax.Should().BeInRange(0, _config.LayerCount * _config.FfnSize);
            plan.Frames.LeasedMax.Should().BeInRange(32, _config.FfnSize);
            plan.Frames.PrefetchedMax.Should().Be(StrategySwitches.Of(strategy).ReadsAhead ? plan.Frames.LeasedMax : 0);
            plan.CacheBytes.Should().Be((long)plan.Frames.CachedMax * StrideBytes);
            if (plan.Frames.LeasedMax == Math.Max(32, _config.FfnSize / 4))
            {
                plan.Frames.CachedMax.Should().BeGreaterThanOrEqualTo(cached);
                cached = plan.Frames.CachedMax;
            }
        }
        Make(strategy, chunk, 1L << 40).Frames.CachedMax.Should().Be(_config.LayerCount * _config.FfnSize);
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public void The_smallest_budget_works_and_one_byte_less_is_refused_with_the_plan(ExecutionStrategy strategy, int chunk)
    {
        long smallest = SmallestBudget(strategy, chunk);
        Make(strategy, chunk, smallest).TotalBytes.Should().Be(smallest);
        NeuralinkException error = Refused(strategy, chunk, smallest - 1);
        error.Message.Should().NotContain("\n");
        error.Message.Should().Contain("resident weights").And.Contain("KV cache").And.Contain("activations").And.Contain("staging")
            .And.Contain("neuron cache");
        error.Message.Should().Contain("--memory 1MiB", "that is the smallest in whole MiB");
        Make(strategy, chunk, 1 << 20).Should().NotBeNull("the advice works");
    }

    [Theory]
    [InlineData(0, 256)]
    [InlineData(100, 256)]
    [InlineData(400, 450)]
    [InlineData(1000, 1024)]
    public void A_lease_has_room_for_what_a_token_is_known_to_have_wanted(int activeMost, int expected)
    {
        MemoryPlan plan = Make(new EngineOptions { Threads = 2 }, _config with { FfnSize = 1024 }, activeMost);
        plan.Frames.LeasedMax.Should().Be(expected);
    }

    [Fact]
    public void What_a_layer_is_known_to_want_comes_before_what_the_next_one_may_want()
    {
        EngineOptions options = new() { Threads = 2, Strategy = ExecutionStrategy.PrefetchCluster };
        ModelConfig config = _config with { FfnSize = 1024 };
        long smallest = PlannerOf(options, config).Smallest().TotalBytes;
        for (long frames = 0; frames < 1024; frames += 50)
        {
            CacheLimits known = Make(options with { MemoryBytes = smallest + (frames * StrideBytes) }, config, activeMost: 400).Frames;
            CacheLimits unknown = Make(options with { MemoryBytes = smallest + (frames * StrideBytes) }, config).Frames;
            known.PrefetchedMax.Should().Be(known.LeasedMax < 450 ? 32 : Math.Clamp(known.PrefetchedMax, 32, 450));
            known.CachedMax.Should().Be(known.PrefetchedMax < 450 ? 0 : known.CachedMax);
            known.LeasedMax.Should().BeGreaterThanOrEqualTo(unknown.LeasedMax);
            unknown.PrefetchedMax.Should().Be(unknown.LeasedMax);
        }
    }

    [Fact]
    public void A_stated_cache_is_kept_whatever_the_budget()
    {
        EngineOptions options = new() { MemoryBytes = 1 << 22, Cache = CacheSize.OfBytes(100 * StrideBytes) };
        Make(options).Frames.CachedMax.Should().Be(100);
        options = options with { MemoryBytes = 1 << 19 };
        this.Invoking(t => t.Make(options)).Should().Throw<NeuralinkException>().WithMessage("*--cache*");
    }

    [Fact]
    public void Without_a_budget_the_cache_has_its_default_share()
    {
        MemoryPlan plan = Make(new EngineOptions());
        plan.Frames.CachedMax.Should().Be((int)(EngineOptions.DefaultCacheShare * (_config.LayerCount * _config.FfnSize)));
    }

    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(0.02, 8)]
    [InlineData(1.0, 360)]
    public void A_share_is_rounded_up_to_whole_bundles(double share, int frames)
    {
        EngineOptions options = new() { Cache = CacheSize.OfShare(share) };
        Make(options).Frames.CachedMax.Should().Be(frames);
    }

    [Fact]
    public void Chunks_grow_where_a_budget_has_room_and_take_no_more_than_a_sixteenth_of_the_cache()
    {
        int context = _config.ContextLength;
        long smallest = SmallestBudget(ExecutionStrategy.Prefetch, chunk: 32);
        for (long budget = smallest; budget < smallest * 2; budget += 9973)
        {
            EngineOptions options = new() { MemoryBytes = budget, Threads = 2 };
            MemoryPlan plan = Make(options), small = Make(options with { ChunkTokens = 32 });
            plan.TotalBytes.Should().BeLessThanOrEqualTo(budget);
            plan.CacheBytes.Should().BeGreaterThanOrEqualTo(small.CacheBytes - (small.CacheBytes / 16));
            plan.ChunkTokens.Should().BeGreaterThanOrEqualTo(small.ChunkTokens);
            plan.Frames.LeasedMax.Should().Be(small.Frames.LeasedMax);
        }
        Make(new EngineOptions { MemoryBytes = smallest, Threads = 2 }).ChunkTokens.Should().Be(Math.Min(32, context));
        Make(new EngineOptions { MemoryBytes = 1L << 40 }).ChunkTokens.Should().Be(Math.Min(512, context));
        Make(new EngineOptions { MemoryBytes = 1L << 40, SequencesMax = 2 }).ChunkTokens.Should().Be(Math.Min(64, context));
    }

    [Fact]
    public void The_embedding_stays_on_flash_until_every_neuron_has_a_frame()
    {
        ModelConfig config = _config with { VocabularySize = 20_000 };
        long embeddingBytes = (long)config.VocabularySize * config.HiddenSize * sizeof(float);
        EngineOptions options = new() { ChunkTokens = 32, Threads = 2 };
        MemoryPlan needed = Make(options, config);
        needed.LeavesEmbedding.Should().BeFalse("no budget asks for it");
        MemoryPlan least = Make(options with { MemoryBytes = needed.TotalBytes - 1, Cache = CacheSize.OfBytes(needed.CacheBytes) }, config);
        least.LeavesEmbedding.Should().BeTrue();
        (needed.ResidentBytes - least.ResidentBytes).Should().BeInRange(embeddingBytes / 2, embeddingBytes);
        least.ToString().Should().Contain("without the embedding");

        bool wasLeft = true;
        for (long budget = least.TotalBytes; budget < least.TotalBytes + (2 * embeddingBytes); budget += 9973)
        {
            MemoryPlan plan = Make(options with { MemoryBytes = budget }, config);
            (wasLeft || !plan.LeavesEmbedding).Should().BeTrue("more memory never takes it out again");
            wasLeft = plan.LeavesEmbedding;
            (wasLeft || plan.Frames.CachedMax == config.LayerCount * config.FfnSize).Should().BeTrue("neurons come first");
        }
        wasLeft.Should().BeFalse();
    }

    [Fact]
    public void Without_a_budget_chunks_grow_by_an_eighth_of_what_is_needed_anyway()
    {
        MemoryPlan plan = Make(new EngineOptions()), small = Make(new EngineOptions { ChunkTokens = 32 });
        plan.TotalBytes.Should().BeInRange(small.TotalBytes, small.TotalBytes + (small.TotalBytes / 8));
        Make(new EngineOptions { ChunkTokens = 7 }).ChunkTokens.Should().Be(7);
    }

    [Fact]
    public void The_kv_cache_is_whole_blocks_and_less_than_one_more_than_the_context_fills()
    {
        for (int context = 1; context <= _config.ContextLength; context++)
        {
            MemoryPlan plan = Make(new EngineOptions { ContextTokens = context });
            long positionBytes = 2L * _config.LayerCount * _config.KvHeadCount * _config.HeadSize * sizeof(ushort);
            plan.ContextTokens.Should().Be(context);
            (plan.KvBlocks * KvBlockPool.DefaultBlockPositions).Should()
                .BeInRange(context, context + KvBlockPool.DefaultBlockPositions - 1);
            plan.KvBytes.Should().Be(KvBlockPool.RequiredBytes(_config, plan.KvBlocks))
                .And.BeInRange(context * positionBytes, (context + KvBlockPool.DefaultBlockPositions) * positionBytes);
            plan.ToString().Should().Contain($"({context} tokens in {plan.KvBlocks} blocks of {KvBlockPool.DefaultBlockPositions})");
        }
    }

    private long SmallestBudget(ExecutionStrategy strategy, int chunk)
    {
        long refused = 1, works = 1 << 30;
        while (works - refused > 1)
        {
            long middle = refused + ((works - refused) / 2);
            if (Fits(strategy, chunk, middle))
                works = middle;
            else
                refused = middle;
        }
        return works;
    }

    [Fact]
    public void The_exact_predictor_has_a_screen_only_where_every_neuron_is_cached_and_memory_is_left()
    {
        MemoryPlan screened = Make(new EngineOptions { Cache = CacheSize.OfShare(1), ChunkTokens = 1, Threads = 2 });
        long bytes = ExactPredictor.ScreenBytes(_config, WeightFormat.F32)!.Value;
        screened.ScreensGates.Should().BeTrue();
        Make(new EngineOptions { Cache = CacheSize.OfShare(0.9), ChunkTokens = 1, Threads = 2 }).ScreensGates.Should().BeFalse();
        MemoryPlan within = Make(ExecutionStrategy.Serial, chunk: 1, screened.TotalBytes);
        MemoryPlan without = Make(ExecutionStrategy.Serial, chunk: 1, screened.TotalBytes - 1);
        (within.ScreensGates, without.ScreensGates).Should().Be((true, false));
        (within.Frames.CachedMax, without.Frames.CachedMax).Should().Be((_config.LayerCount * _config.FfnSize, within.Frames.CachedMax));
        (within.PredictorBytes - without.PredictorBytes).Should().Be(bytes);
    }

    private bool Fits(ExecutionStrategy strategy, int chunk, long budget)
    {
        try
        {
            return Make(strategy, chunk, budget) is not null;
        }
        catch (NeuralinkException)
        {
            return false;
        }
    }

    private NeuralinkException Refused(ExecutionStrategy strategy, int chunk, long budget) =>
        this.Invoking(t => t.Make(strategy, chunk, budget)).Should().Throw<NeuralinkException>().Which;

    private MemoryPlan Make(ExecutionStrategy strategy, int chunk, long budget) =>
        Make(new EngineOptions { Strategy = strategy, ChunkTokens = chunk, MemoryBytes = budget, Threads = 2 });

    private MemoryPlan Make(EngineOptions options) => Make(options, _config);

    private static MemoryPlan Make(EngineOptions options, ModelConfig config, int activeMost = 0) =>
        PlannerOf(options, config, activeMost).Make();

    private static MemoryPlanner PlannerOf(EngineOptions options, ModelConfig config, int activeMost = 0)
    {
        PredictorSource exact = new(
            PredictorInput.FfnInput, Depth: 0,
            tokens => ExactPredictor.RequiredBytes(config, WeightFormat.F32, tokens)
                + WeightFile.RequiredBytes(config, WeightFormat.F32, TensorPlace.Predictor),
            (_, _, _, _) => throw new NotSupportedException())
        {
            IsExact = true,
        };
        return new MemoryPlanner(
            config, WeightFormat.F32, StrideBytes, new PredictorSources(exact, exact with { Sharing = exact }), options, activeMost);
    }
}
