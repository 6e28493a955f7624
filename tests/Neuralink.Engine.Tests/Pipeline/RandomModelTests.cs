using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Inference;
using Neuralink.Models.Packing;
using Neuralink.Storage.Safetensors;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>Every kind of model goes through pack and pipeline with the dense reference's tokens, however the engine is set up.</summary>
public sealed class RandomModelTests
{
    private const int PromptTokens = 41;
    private const int NewTokens = 12;

    // The KV cache's f16 moves logits by about a tenth of this.
    private const float MarginMin = 0.03f;

    private static readonly int[] s_threads = [1, 2], s_chunks = [1, 5, 32];
    private static readonly double[] s_caches = [0.02, 1];

    // Of the models, strategies, threads, caches and chunks, any two meet. What the setups have to do with each other is TokenMatrix's.
    private static readonly IReadOnlyList<int[]> s_rows = PairwiseDesign.Rows(
        [RandomModels.All.Count, TokenStrategies.OverAnyOrder.Count, s_threads.Length, s_caches.Length, s_chunks.Length]);

    public static TheoryData<string> Names => new(RandomModels.All.Select(spec => spec.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Tokens_are_the_dense_references_and_scores_the_same_bits_in_its_setups(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        using PackedModel image = new(model.Folder);
        EngineOptions[] setups =
        [
            .. s_rows.Where(row => RandomModels.All[row[0]].Name == name).Select(OptionsOf),
        ];
        setups.Should().HaveCountGreaterThanOrEqualTo(TokenStrategies.OverAnyOrder.Count);
        await CheckAsync(image.Folder, model.Folder, setups);
    }

    [Theory]
    [InlineData("llama-relu", WeightFormat.F16, SafetensorsDtype.F16)]
    [InlineData("llama-relu", WeightFormat.BF16, SafetensorsDtype.BF16)]
    [InlineData("opt", WeightFormat.F16, SafetensorsDtype.F16)]
    [InlineData("llama-biased-bf16", WeightFormat.F32, SafetensorsDtype.BF16)]
    [InlineData("opt-unbiased-f16", WeightFormat.F32, SafetensorsDtype.F16)]
    public async Task A_conversion_while_packing_gives_the_tokens_of_a_checkpoint_converted_beforehand(
        string name, WeightFormat format, SafetensorsDtype converted)
    {
        RandomModelSpec spec = RandomModels.ByName(name);
        using RandomModel source = new(spec), oracle = new(spec with { MatrixDtype = converted });
        using PackedModel image = new(source.Folder, new PackOptions(format));
        await CheckAsync(image.Folder, oracle.Folder, [new EngineOptions { Threads = 2, QueueDepth = 4 }]);
    }

    [Theory]
    [InlineData("llama-relu", WeightFormat.Q4_0, WeightFormat.Q8_0, false)]
    [InlineData("opt", WeightFormat.Q8_0, WeightFormat.Q4_0, true)]
    [InlineData("llama-biased-bf16", WeightFormat.BF16, WeightFormat.Q8_0, true)]
    public async Task Of_each_format_tokens_and_scores_are_the_same_bits_in_all_setups(
        string name, WeightFormat format, WeightFormat down, bool leavesDeciding)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        FormatChoice formats = new() { Weights = format, Down = down, LeavesDeciding = leavesDeciding };
        using PackedModel image = new(model.Folder, new PackOptions(formats));
        int[] prompt = [.. Enumerable.Range(0, PromptTokens).Select(i => (i * 7) % ByteTokenizer.EndToken)];
        (IReadOnlyList<int> Tokens, double Score)? first = null;
        foreach (int[] row in s_rows.Where(row => RandomModels.All[row[0]].Name == name))
        {
            EngineOptions options = OptionsOf(row);
            await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, options);
            IReadOnlyList<int> tokens = (await engine.RunAsync(prompt, NewTokens)).Tokens;
            double score = (await engine.ScoreAsync(prompt)).NegativeLogLikelihood;
            first ??= (tokens, score);
            tokens.Should().Equal(first.Value.Tokens, "of {0}", options);
            score.Should().Be(first.Value.Score, "of {0}", options);
        }
        double expected = Dense(image.Folder, prompt);
        first!.Value.Score.Should().BeApproximately(expected, 0.01 * expected, "only the products' inputs are rounded");
    }

    [Theory]
    [InlineData("llama-relu")]
    [InlineData("opt")]
    [InlineData("llama-biased-bf16")]
    public async Task Without_the_row_that_decides_tokens_and_scores_are_those_of_whole_bundles(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        using PackedModel whole = new(model.Folder);
        using PackedModel small = new(model.Folder, new PackOptions(new FormatChoice { LeavesDeciding = true }));
        int[] prompt = [.. Enumerable.Range(0, PromptTokens).Select(i => (i * 5) % ByteTokenizer.EndToken)];
        (IReadOnlyList<int> Tokens, double Score)? expected = null;
        PredictorOptions sketch = new() { Kind = PredictorKind.Sketch, Bits = 3 };
        foreach ((string image, PredictorOptions predictor) in ((string, PredictorOptions)[])
            [
                (whole.Folder, PredictorOptions.Exact), (small.Folder, PredictorOptions.Exact),
                (whole.Folder, sketch), (small.Folder, sketch),
            ])
        {
            await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
                image, new EngineOptions { Predictor = predictor, ChunkTokens = 5, Threads = 2, Cache = CacheSize.OfShare(0.1) });
            (IReadOnlyList<int> Tokens, double Score) found = (
                (await engine.RunAsync(prompt, NewTokens)).Tokens, (await engine.ScoreAsync(prompt)).NegativeLogLikelihood);
            expected ??= found;
            found.Tokens.Should().Equal(expected.Value.Tokens, "of {0}", predictor.Name);
            found.Score.Should().Be(expected.Value.Score, "of {0}", predictor.Name);
            expected = image == small.Folder ? null : expected;
        }
    }

    private static double Dense(string image, int[] tokens)
    {
        using WorkerPool pool = new(1);
        using Checkpoint weights = Checkpoint.OfImage(image);
        using DenseReference reference = new(weights, pool);
        float[][] logits = [.. reference.Forward(tokens.AsSpan(0, tokens.Length - 1)).Chunk(weights.Config.VocabularySize)];
        return logits.Zip(tokens[1..], (row, next) => (double)Likelihood.NegativeLog(row, next)).Sum();
    }

    private static EngineOptions OptionsOf(int[] row) => new()
    {
        Strategy = TokenStrategies.OverAnyOrder[row[1]],
        Threads = s_threads[row[2]],
        Cache = CacheSize.OfShare(s_caches[row[3]]),
        ChunkTokens = s_chunks[row[4]],
        QueueDepth = 4,
    };

    private static async Task CheckAsync(string image, string oracleFolder, IEnumerable<EngineOptions> setups)
    {
        using DenseOracle oracle = new(oracleFolder);
        (int[] prompt, int[] tokens) = oracle.Clear(PromptTokens, NewTokens, MarginMin);
        int[] whole = [.. prompt, .. tokens];
        double expectedScore = oracle.NegativeLogLikelihood(whole);
        double? score = null;
        foreach (EngineOptions options in setups)
        {
            string because = $"of {options.Strategy}, {options.Threads} threads, cache {options.Cache}, chunks of {options.ChunkTokens}";
            await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image, options);
            GenerationResult result = await engine.RunAsync(prompt, NewTokens);
            result.Tokens.Should().Equal(tokens, because);
            result.ActiveShare.Should().BeInRange(0.05, 0.4, "a test of sparsity needs some");
            double found = (await engine.ScoreAsync(whole)).NegativeLogLikelihood;
            found.Should().Be(score ??= found, because);
            engine.LeaseCount.Should().Be(0);
            engine.CacheState.CheckInvariants();
        }
        score!.Value.Should().BeApproximately(expectedScore, 1e-3 * expectedScore);
    }
}
