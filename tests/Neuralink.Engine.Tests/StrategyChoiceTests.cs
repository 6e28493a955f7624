using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests;

/// <summary>What is chosen for those who do not say.</summary>
public sealed class StrategyChoiceTests
{
    private static readonly ModelConfig s_model = HuggingFaceConfig.Read(BundledModel.Folder);

    [Fact]
    public void A_sparse_model_reads_ahead_and_tries_whether_that_pays_however_many_layers_it_has()
    {
        foreach (int layers in (int[])[6, 32])
        {
            EngineOptions chosen = Complete(new EngineOptions(), config: s_model with { LayerCount = layers });
            (chosen.Strategy, chosen.TriesLookahead).Should().Be((ExecutionStrategy.PrefetchCluster, true));
        }
    }

    [Fact]
    public void What_was_asked_for_is_not_tried()
    {
        Complete(new EngineOptions(), ExecutionStrategy.PrefetchCluster).TriesLookahead.Should().BeFalse();
        EngineOptions asked = Complete(new EngineOptions { Lookahead = PredictorOptions.Exact });
        (asked.Strategy, asked.TriesLookahead).Should().Be((ExecutionStrategy.PrefetchCluster, false));
    }

    [Fact]
    public void Nothing_is_read_ahead_where_all_is_in_memory()
    {
        Complete(new EngineOptions { Cache = CacheSize.OfShare(1) }).Strategy.Should().Be(ExecutionStrategy.Serial);
        Complete(new EngineOptions { MemoryBytes = 1L << 30 }).Strategy.Should().Be(ExecutionStrategy.Cluster);
        Complete(new EngineOptions { MemoryBytes = 20 << 20 }).Strategy.Should().Be(ExecutionStrategy.PrefetchCluster);
    }

    [Fact]
    public void A_sketch_looks_ahead_where_it_is_smaller_than_what_is_there_anyway()
    {
        Complete(new EngineOptions()).Lookahead!.Kind.Should().Be(PredictorKind.Sketch);
        Complete(new EngineOptions(), format: WeightFormat.Q4_0).Lookahead.Should().Be(PredictorOptions.Exact);
        Complete(new EngineOptions { MemoryBytes = 14 << 20 }).Lookahead.Should()
            .Be(PredictorOptions.Exact, "a sketch would take a tenth of the memory from the neurons");
        PredictorOptions small = new() { Kind = PredictorKind.Sketch, Bits = 2 };
        Complete(new EngineOptions { Predictor = small }).Lookahead.Should().Be(small, "its weights serve both");
    }

    private static EngineOptions Complete(
        EngineOptions options, ExecutionStrategy? asked = null, ModelConfig? config = null, WeightFormat format = WeightFormat.F16) =>
        StrategyChoice.Complete(options, asked, config ?? s_model, image: null, (ModelFormats)format).Options;
}
