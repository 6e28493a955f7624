using Neuralink.Placement.Caching;
using Neuralink.Placement.Ordering;
using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Paper;

/// <summary>A phone as it is read from.</summary>
/// <param name="Title">For people.</param>
/// <param name="Device">Its device model.</param>
/// <param name="Computing">Its processor.</param>
/// <param name="InFlight">Reads in flight: one, as Table 1 asks for, or the device's queue full.</param>
internal sealed record PaperPhone(string Title, string Device, string Computing, int InFlight);

/// <summary>The cells that stand for the paper's experiments.</summary>
internal static class PaperCells
{
    private const int Table1Tokens = 64, Tokens = 32;

    /// <summary>The paper's cache in its third version.</summary>
    private const double CacheShare = 0.05;

    /// <summary>The ReLU-family models, of which the headlines are means.</summary>
    public static IReadOnlyList<string> Models { get; } = ["opt-350m", "opt-1.3b", "opt-6.7b", "llama2-7b", "mistral-7b"];

    /// <summary>Both phones, with one read in flight and with all that the queue takes. The first is the paper's main one.</summary>
    public static IReadOnlyList<PaperPhone> Phones { get; } =
    [
        new("OnePlus 12, one read in flight", "ufs-4.0", "8-gen3", 1),
        new("OnePlus 12, 32 reads in flight", "ufs-4.0", "8-gen3", 32),
        new("Ace 2, one read in flight", "ufs-3.1", "8plus-gen1", 1),
        new("Ace 2, 32 reads in flight", "ufs-3.1", "8plus-gen1", 32),
    ];

    /// <summary>A column of Table 1: no cache, bundles in the model's order, one read after the other.</summary>
    public static StudyCell Table1(string model) => new()
    {
        Model = model,
        Device = "ufs-3.1",
        Computing = "8plus-gen1",
        Strategy = ExecutionStrategy.LlmFlash,
        CacheShare = 0,
        QueueDepth = 1,
        Tokens = Table1Tokens,
    };

    /// <summary>A model run in some way on a phone.</summary>
    public static StudyCell Of(string model, PaperPhone phone, Baseline baseline)
    {
        StudyCell cell = new()
        {
            Model = model,
            Device = phone.Device,
            Computing = phone.Computing,
            QueueDepth = phone.InFlight,
            CacheShare = CacheShare,
            CachePolicy = CachePolicyKind.S3Fifo,
            Placement = PlacementMethod.Neuralink,
            Strategy = ExecutionStrategy.Serial,
            Tokens = Tokens,
        };
        StudyCell ours = cell with { Placement = PlacementMethod.Best, CachePolicy = null };
        return baseline switch
        {
            Baseline.Neuralink => cell,
            Baseline.OfflineOnly => cell with { CollapseGapBytes = 0 },
            Baseline.LlmFlash => cell with { Strategy = ExecutionStrategy.LlmFlash, Placement = null },
            Baseline.Frequency => cell with { Strategy = ExecutionStrategy.Frequency, Placement = null },
            Baseline.Matrices => cell with { Strategy = ExecutionStrategy.LlmFlash, Placement = null, ReadsMatrices = true },
            Baseline.Stream => cell with { Strategy = ExecutionStrategy.Stream, Placement = null, CachePolicy = null },
            Baseline.BestOrder => ours,
            Baseline.Cluster => ours with { Strategy = ExecutionStrategy.Cluster },
            Baseline.PrefetchCluster => ours with { Strategy = ExecutionStrategy.PrefetchCluster },
            _ => throw new ArgumentOutOfRangeException(nameof(baseline), baseline, "There is no such way."),
        };
    }

    /// <summary>All cells, each once.</summary>
    public static IReadOnlyList<StudyCell> All { get; } =
    [
        .. PublishedFigures.Table1.Select(column => Table1(column.Model)),
        .. from phone in Phones from model in Models from baseline in Enum.GetValues<Baseline>() select Of(model, phone, baseline),
    ];
}
