using Neuralink.Placement.Caching;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>
/// Every family through the whole engine: the greedy tokens of its formula, whatever the strategy, the cache and the threads, and scores
/// equal to the bit.
/// </summary>
public sealed class FamilyTokensTests
{
    private const int PromptTokens = 17, NewTokens = 5;

    // A cache of nothing, one that is too small, one for everything; and all strategies that take any order.
    private static readonly EngineOptions[] s_setups =
    [
        new() { Strategy = ExecutionStrategy.Serial, Cache = CacheSize.OfShare(0), Threads = 1, ChunkTokens = 1 },
        new() { Strategy = ExecutionStrategy.Cluster, Cache = CacheSize.OfShare(0.3), Threads = 2, ChunkTokens = 5 },
        new()
        {
            Strategy = ExecutionStrategy.PrefetchCluster, Cache = CacheSize.OfShare(0.3), Threads = 2, ChunkTokens = 32,
            LookaheadPrecisionMin = 0, CachePolicy = CacheOptions.Of(CachePolicyKind.Lru),
        },
        new() { Strategy = ExecutionStrategy.Stream, Cache = CacheSize.OfShare(0.4), Threads = 2, ChunkTokens = 6 },
        new() { Strategy = ExecutionStrategy.Stream, Cache = CacheSize.OfShare(0), Threads = 1, ChunkTokens = 32 },
        new() { Strategy = ExecutionStrategy.Prefetch, Cache = CacheSize.OfShare(1), Threads = 1, ChunkTokens = 7 },
    ];

    public static TheoryData<string> Families => new(FamilyFormulas.Names);

    [Theory]
    [MemberData(nameof(Families))]
    public async Task The_tokens_are_those_of_the_formula(string family)
    {
        using FamilyFolder folder = new(family);
        using PackedModel packed = new(folder.Path);
        (int[] prompt, int[] tokens) = folder.Clear(PromptTokens, NewTokens, marginMin: 0.05);
        int[] whole = [.. prompt, .. tokens];
        double? score = null;
        foreach (EngineOptions options in s_setups)
        {
            await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(packed.Folder, options);
            (await engine.RunAsync(prompt, NewTokens).WaitAsync(FaultyEngine.Hangs)).Tokens.Should().Equal(tokens, "of {0}", options);
            double found = (await engine.ScoreAsync(whole).WaitAsync(FaultyEngine.Hangs)).NegativeLogLikelihood;
            found.Should().Be(score ??= found, "of {0}", options);
            engine.LeaseCount.Should().Be(0);
            engine.CacheState.CheckInvariants();
        }
    }
}
