using Neuralink.Placement.Caching;
using Neuralink.Placement.Ordering;
using Neuralink.Storage.Devices;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>
/// Setups that must not change a token: not every combination, which would be millions, but such that any two values of any two of their
/// dimensions meet. Those that look ahead are a design of their own, because the others have no use for who looks ahead.
/// </summary>
internal static class TokenMatrix
{
    private static readonly PlacementMethod[] s_orders =
    [
        PlacementMethod.Identity, PlacementMethod.Random, PlacementMethod.Frequency, PlacementMethod.Neuralink
    ];
    private static readonly CachePolicyKind[] s_policies = Enum.GetValues<CachePolicyKind>();
    private static readonly int[] s_depths = [1, 3, 64], s_threads = [1, 2], s_chunks = [1, 5, 32], s_layersAhead = [1, 2, 3];
    private static readonly FlashAccess[] s_access = Enum.GetValues<FlashAccess>();
    private static readonly double[] s_caches = [0, 0.02, 1], s_precisions = [0, 0.5];
    private static readonly int?[] s_gaps = [null, 0, 16 << 10];
    private static readonly PredictorKind[] s_predictors = [PredictorKind.Exact, PredictorKind.Oracle];
    private static readonly LookaheadKind[] s_lookaheads = Enum.GetValues<LookaheadKind>();
    private static readonly string[] s_randomModels = ["llama-relu", "opt"];

    /// <summary>The orders that images are needed in, beside the model's own.</summary>
    public static PlacementMethod[] Placed => s_orders[1..];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<TokenSetup> Setups { get; } = [.. Design(readsAhead: false), .. Design(readsAhead: true)];

    /// <summary>
    /// Those that are worth a long text: the first of each strategy, cache policy and lookahead. What a policy or the gate of the lookahead
    /// changes slowly needs many tokens; which neurons, frames and reads belong together is right or wrong within a few.
    /// </summary>
    public static IReadOnlySet<int> Long { get; } = new HashSet<int>(
        [.. Firsts(s => s.Options.Strategy), .. Firsts(s => s.Options.CachePolicy!.Kind), .. Firsts(s => s.Lookahead)]);

    private static IEnumerable<int> Firsts<T>(Func<TokenSetup, T> of) =>
        Setups.Index().GroupBy(s => of(s.Item)).Select(group => group.First().Index);

    private static IEnumerable<TokenSetup> Design(bool readsAhead)
    {
        ExecutionStrategy[] strategies =
        [
            .. Enum.GetValues<ExecutionStrategy>().Where(s => StrategySwitches.Of(s).ReadsAhead == readsAhead)
        ];
        int[] counts =
        [
            strategies.Length, s_orders.Length, s_policies.Length, s_depths.Length, s_threads.Length, s_access.Length, s_caches.Length,
            s_chunks.Length, s_gaps.Length, s_predictors.Length,
            .. readsAhead ? (int[])[s_lookaheads.Length, s_layersAhead.Length, s_precisions.Length] : [], s_randomModels.Length,
        ];
        foreach (int[] row in PairwiseDesign.Rows(counts, IsOverAnotherOrder))
        {
            EngineOptions options = new()
            {
                Strategy = strategies[row[0]],
                CachePolicy = CacheOptions.Of(s_policies[row[2]]),
                QueueDepth = s_depths[row[3]],
                Threads = s_threads[row[4]],
                Io = s_access[row[5]],
                Cache = CacheSize.OfShare(s_caches[row[6]]),
                ChunkTokens = s_chunks[row[7]],
                CollapseGapBytes = s_gaps[row[8]],
            };
            if (readsAhead)
            {
                double precision = s_precisions[row[12]];
                // Some passes look ahead then, and others do not.
                bool tries = precision > 0;
                options = options with
                {
                    LookaheadLayers = s_layersAhead[row[11]],
                    LookaheadPrecisionMin = precision,
                    TriesLookahead = tries,
                };
            }
            LookaheadKind lookahead = readsAhead ? s_lookaheads[row[10]] : LookaheadKind.AsPredictor;
            yield return new TokenSetup(s_orders[row[1]], s_predictors[row[9]], lookahead, options, s_randomModels[row[^1]]);
        }

        bool IsOverAnotherOrder(ValuePair pair) =>
            pair is { First: 0, Second: 1 } && StrategySwitches.Of(strategies[pair.FirstValue]).Order is { } order
                && order != s_orders[pair.SecondValue];
    }
}

/// <summary>Who looks ahead. Whoever it is, what was missed is read when it is needed.</summary>
internal enum LookaheadKind
{
    AsPredictor,
    Exact,
    Oracle,
    Sketch2,
    Sketch3,
    Sketch4,
    LowRank,
    LowRankOfDepth,
}

/// <summary>One setup.</summary>
/// <param name="Order">The image's.</param>
/// <param name="Predictor">Who says what a layer needs.</param>
/// <param name="Lookahead">Who looks ahead.</param>
/// <param name="Options">All else.</param>
/// <param name="RandomModel">Which of the random models it is for.</param>
internal sealed record TokenSetup(
    PlacementMethod Order, PredictorKind Predictor, LookaheadKind Lookahead, EngineOptions Options, string RandomModel)
{
    /// <summary>Whether it works for a single text, which has been traced.</summary>
    public bool KnowsOneText => Predictor == PredictorKind.Oracle || Lookahead == LookaheadKind.Oracle;

    /// <summary>The engine over <paramref name="model"/>, and if it knows one text alone, that one.</summary>
    public Task<NeuralinkEngine> OpenAsync(ModelArrangements model, int text)
    {
        PredictorOptions oracle = new() { Kind = PredictorKind.Oracle, Path = model.TracePath(text) };
        return NeuralinkEngine.OpenAsync(model.FolderOf(Order), Options with
        {
            Predictor = Predictor == PredictorKind.Oracle ? oracle : PredictorOptions.Exact,
            Lookahead = Lookahead switch
            {
                LookaheadKind.AsPredictor => null,
                LookaheadKind.Exact => PredictorOptions.Exact,
                LookaheadKind.Oracle => oracle,
                LookaheadKind.Sketch2 => new() { Kind = PredictorKind.Sketch, Bits = 2, Margin = -1 },
                LookaheadKind.Sketch3 => new() { Kind = PredictorKind.Sketch, Bits = 3 },
                LookaheadKind.Sketch4 => new() { Kind = PredictorKind.Sketch, Bits = 4, Margin = 2 },
                LookaheadKind.LowRank => new() { Kind = PredictorKind.LowRank, Path = model.LowRankPath(depth: 0) },
                _ => new() { Kind = PredictorKind.LowRank, Path = model.LowRankPath(Options.LookaheadLayers) },
            },
        });
    }

    /// <summary>All of it, for a test's name.</summary>
    public override string ToString() =>
        $"{Options.Strategy}, {Order} order, {Predictor} predictor, {Lookahead} {Options.LookaheadLayers} ahead at "
        + $"{Options.LookaheadPrecisionMin}, {Options.CachePolicy!.Kind} of {Options.Cache!.Value.Share}, {Options.Io} depth "
        + $"{Options.QueueDepth}, {Options.Threads} threads, chunk {Options.ChunkTokens}, gap {Options.CollapseGapBytes}";
}
