using System.Numerics;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;
using Neuralink.Studies.Simulation;
using Neuralink.Tests.Support;

namespace Neuralink.Studies.Tests.Simulation;

/// <summary>The simulation asks the device for the very reads that the engine asks it for, in the same order.</summary>
public sealed class EngineReadsTests : IClassFixture<EngineReadsTests.TracedText>
{
    private const int ChunkTokens = 3, QueueDepth = 3;

    private readonly TracedText _text;

    public EngineReadsTests(TracedText text) => _text = text;

    [Theory]
    [InlineData(ExecutionStrategy.Serial, PlacementMethod.Random, 0.0)]
    [InlineData(ExecutionStrategy.Serial, PlacementMethod.Random, 0.3)]
    [InlineData(ExecutionStrategy.Cluster, PlacementMethod.Random, 0.3)]
    [InlineData(ExecutionStrategy.LlmFlash, PlacementMethod.Identity, 0.3)]
    [InlineData(ExecutionStrategy.Frequency, PlacementMethod.Frequency, 0.3)]
    public async Task Without_lookahead_the_reads_are_the_engines(ExecutionStrategy strategy, PlacementMethod order, double cachedShare)
    {
        EngineOptions options = OptionsOf(strategy, cachedShare);
        (RecordingDevice recorded, CacheLimits limits) = await _text.ScoreAsync(order, options);
        FlashImage image = FlashImage.Open(_text.Model.FolderOf(order));
        List<(long, int)> reads = [];
        TraceSetup setup = SetupOf(image, options, limits) with
        {
            Reading = (_, read) => reads.Add((image.OffsetOf(read.Batch.Layer, read.Extent.First), BytesOf(read, image))),
        };
        new TraceSimulation(setup).Play(0..TracedText.Rows, ChunkTokens);
        reads.Should().HaveCountGreaterThan(50).And.Equal(recorded.Reads);
    }

    [Theory]
    [InlineData(ExecutionStrategy.Prefetch, 0.0, 1)]
    [InlineData(ExecutionStrategy.Prefetch, 0.3, 1)]
    [InlineData(ExecutionStrategy.Prefetch, 0.3, 2)]
    [InlineData(ExecutionStrategy.PrefetchCluster, 0.3, 1)]
    public async Task With_lookahead_they_are_if_they_complete_in_the_same_order(
        ExecutionStrategy strategy, double cachedShare, int layersAhead)
    {
        EngineOptions options = OptionsOf(strategy, cachedShare) with
        {
            Lookahead = new PredictorOptions { Kind = PredictorKind.Oracle, Path = _text.LookaheadPath },
            LookaheadLayers = layersAhead,
        };
        (RecordingDevice recorded, CacheLimits limits) = await _text.ScoreAsync(PlacementMethod.Random, options);
        FlashImage image = FlashImage.Open(_text.Model.FolderOf(PlacementMethod.Random));
        ReplayedDevice device = new(recorded, image, QueueDepth);
        int layers = image.LayerCount;
        TraceSetup setup = SetupOf(image, options, limits) with
        {
            OtherDevice = device,
            Lookahead = new LookaheadPlan(layers, layersAhead, Math.Min(layersAhead, layers), covers: _ => true),
            PrecisionMin = options.LookaheadPrecisionMin,
            LookedAhead = _ => _text.Name,
        };
        new TraceSimulation(setup).Play(0..TracedText.Rows, ChunkTokens);
        device.Reads.Should().HaveCountGreaterThan(50).And.Equal(recorded.Reads);
    }

    private static int BytesOf(ReadTicket read, FlashImage image) => read.Extent.SlotCount * image.StrideBytes;

    private static EngineOptions OptionsOf(ExecutionStrategy strategy, double cachedShare) => new()
    {
        Strategy = strategy,
        Cache = CacheSize.OfShare(cachedShare),
        ChunkTokens = ChunkTokens,
        QueueDepth = QueueDepth,
        Threads = 2,
        WarmUp = WarmUpMode.None,
        // Else it depends on the time that reads take whether gaps are read through.
        CollapseGapBytes = StrategySwitches.Of(strategy).Collapses ? 1024 : null,
    };

    private TraceSetup SetupOf(FlashImage image, EngineOptions options, CacheLimits limits) => new()
    {
        Layers = _text.Active,
        Orders = [.. Enumerable.Range(0, image.LayerCount).Select(layer => image.PlacementOf(new LayerIndex(layer)))],
        Strategy = StrategySwitches.Of(options.Strategy),
        Limits = limits,
        Policy = options.Policy,
        StrideBytes = image.StrideBytes,
        ExtentSlotsMax = options.ExtentSlotsMax(image.StrideBytes),
        PlannedCost = options.PlannedReadCost,
        Device = new DeviceTimes(options.ReadCost),
        QueueDepth = QueueDepth,
    };

    /// <summary>A random model with a text, which of its neurons are active at it, and a lookahead that misses a third of them.</summary>
    public sealed class TracedText : IDisposable
    {
        public const int Rows = 40;

        private readonly RandomModel _model = new(RandomModels.LlamaRelu);
        private readonly ActivationMatrix[] _named;
        private readonly int[] _tokens;

        public TracedText()
        {
            Random random = new(1);
            _tokens = [.. Enumerable.Range(0, Rows + 1).Select(_ => random.Next(RandomModels.LlamaRelu.Vocabulary))];
            Model = new ModelArrangements(_model.Folder, [_tokens], PlacementMethod.Random, PlacementMethod.Frequency);
            using ActivationTrace trace = ActivationTrace.Open(Model.TracePath(0));
            Active = [.. Enumerable.Range(0, trace.Info.LayerCount).Select(layer => trace.Layer(new LayerIndex(layer)))];
            _named = [.. Active.Select(rows => Thin(rows, random))];
            using ActivationTraceWriter writer = ActivationTraceWriter.Open(LookaheadPath, trace.Info);
            for (int layer = 0; layer < _named.Length; layer++)
                writer.Write(new LayerIndex(layer), 0, Words(_named[layer]));
            writer.MarkDone(trace.Info.TokenCount);
            writer.Complete();
        }

        public ModelArrangements Model { get; }

        public IReadOnlyList<ActivationMatrix> Active { get; }

        public string LookaheadPath => Path.Combine(_model.Folder, "lookahead.trace");

        /// <summary>What lookahead names for some rows.</summary>
        public void Name(Range rows, LayerIndex layer, Span<ulong> marks)
        {
            for (int row = rows.Start.Value; row < rows.End.Value; row++)
            {
                ReadOnlySpan<ulong> words = _named[layer.Value].Token(row);
                for (int word = 0; word < words.Length; word++)
                    marks[word] |= words[word];
            }
        }

        /// <summary>Scores the text with the engine, whose reads are recorded.</summary>
        internal async Task<(RecordingDevice Recorded, CacheLimits Limits)> ScoreAsync(PlacementMethod order, EngineOptions options)
        {
            RecordingDevice? recorded = null;
            await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
                Model.FolderOf(order), options, decorate: inner => recorded = new RecordingDevice(inner));
            await engine.ScoreAsync(_tokens);
            return (recorded!, engine.Memory.Frames);
        }

        public void Dispose()
        {
            Model.Dispose();
            _model.Dispose();
        }

        private static ActivationMatrix Thin(ActivationMatrix rows, Random random)
        {
            ulong[] words = Words(rows);
            foreach (ref ulong word in words.AsSpan())
            {
                for (ulong bits = word; bits != 0; bits &= bits - 1)
                {
                    if (random.Next(3) == 0)
                        word &= ~(1UL << BitOperations.TrailingZeroCount(bits));
                }
            }
            return new ActivationMatrix(rows.NeuronCount, words);
        }

        private static ulong[] Words(ActivationMatrix rows) =>
            [.. Enumerable.Range(0, rows.TokenCount).SelectMany(row => rows.Token(row).ToArray())];
    }
}
