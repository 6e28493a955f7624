using Neuralink.Models.Configuration;
using Neuralink.Models.Tracing;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>
/// A calibrated image computes what exceeds its thresholds: about as much as was asked for, and the same bits whatever the setup.
/// </summary>
public sealed class CalibratedTokensTests
{
    private const double Share = 0.3;

    private static readonly EngineOptions[] s_setups =
    [
        new() { Strategy = ExecutionStrategy.Serial, Cache = CacheSize.OfShare(0), Threads = 1, ChunkTokens = 1 },
        new() { Strategy = ExecutionStrategy.Cluster, Cache = CacheSize.OfShare(0.3), Threads = 2, ChunkTokens = 5 },
        new()
        {
            Strategy = ExecutionStrategy.PrefetchCluster, Cache = CacheSize.OfShare(0.3), Threads = 2, ChunkTokens = 32,
            LookaheadPrecisionMin = 0,
        },
        new() { Strategy = ExecutionStrategy.Stream, Cache = CacheSize.OfShare(0.4), Threads = 2, ChunkTokens = 6 },
    ];

    [Theory]
    [InlineData("llama-silu", false)]
    [InlineData("phi-2", true)]
    public async Task No_setup_changes_a_token_or_a_bit_of_a_score(string family, bool hasNorms)
    {
        using FamilyFolder folder = new(family);
        using PackedModel packed = new(folder.Path);
        FlashImage image = FlashImage.Open(packed.Folder);
        ModelConfig config = ModelConfigJson.Read(image);
        int[] text = [.. Enumerable.Range(0, 60).Select(i => (i * 37) % 256)];
        TokenWindows windows = TokenWindows.Cut([text], 30);
        GateSizes sizes;
        using (ActivationTracer tracer = new(image, 30, threads: 2, memoryBytes: null, TimeProvider.System))
            sizes = tracer.Measure(windows, progress: null, CancellationToken.None);
        config = config with { LayerThresholds = [.. Enumerable.Range(0, 3).Select(layer => sizes.ThresholdOf(layer, Share))] };
        string calibrated = Path.Combine(Path.GetDirectoryName(packed.Folder)!, "calibrated.nlk");
        ImageRewriter.RewriteModel(image, calibrated, ModelConfigJson.Write(config), hasNorms ? sizes.Norms : null);
        FlashImage.Open(calibrated).ModelDigest.Should().NotBe(image.ModelDigest);

        int[] prompt = [.. text.Take(20)];
        int[]? tokens = null;
        double? score = null;
        foreach (EngineOptions options in s_setups)
        {
            await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(calibrated, options);
            GenerationResult result = await engine.RunAsync(prompt, 5).WaitAsync(FaultyEngine.Hangs);
            result.Tokens.Should().Equal(tokens ??= [.. result.Tokens], "of {0}", options);
            double found = (await engine.ScoreAsync(text).WaitAsync(FaultyEngine.Hangs)).NegativeLogLikelihood;
            found.Should().Be(score ??= found, "of {0}", options);
        }
        await using NeuralinkEngine exact = await NeuralinkEngine.OpenAsync(packed.Folder, s_setups[0]);
        (await exact.ScoreAsync(text)).NegativeLogLikelihood.Should().NotBe(score!.Value, "it is approximate");
        using SparseForward forward = new(calibrated, chunkTokens: 30, threads: 1);
        forward.Forward(text.AsSpan(0, 30));
        forward.ActiveShares.Should().OnlyContain(share => share > Share / 2 && share < Share * 1.5);
    }
}
