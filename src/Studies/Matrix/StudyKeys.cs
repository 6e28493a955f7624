using Neuralink.Placement.Ordering;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Computing;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Workloads;

namespace Neuralink.Studies.Matrix;

/// <summary>The properties of a cell, each once: what study files may say, and what results state.</summary>
internal static class StudyKeys
{
    private static readonly (string Word, StudyText Value)[] s_texts =
        [("same-domain", StudyText.SameDomain), ("other-domain", StudyText.OtherDomain), ("longer", StudyText.Longer)];

    private static readonly (string Word, PlacementMethod Value)[] s_placements =
        [.. Enum.GetValues<PlacementMethod>().Select(method => (method.ToString().ToLowerInvariant(), method))];

    /// <summary>All of them, in the order in which results have them.</summary>
    public static IReadOnlyList<StudyKey> All { get; } =
    [
        new StudyKey<string>(
            "model", "model", $"A shape ({string.Join(", ", StudyShapes.All.Select(s => s.Name))}) or the path of a flash image.",
            StudyValues.Text("the name of a shape or the path of a flash image"), c => c.Model, (c, v) => c with { Model = v })
        { IsRequired = true },
        new StudyKey<string>(
            "device", "device", "A device model, the path of a profile by 'neuralink probe', or this for the disk of the model.",
            StudyValues.NameOrPath(DeviceModels.All.Select(d => d.Name).Append(DeviceModels.This), ".json", "the path of a DEVICE.json"),
            c => c.Device, (c, v) => c with { Device = v })
        { IsRequired = true },
        new TextStudyKey(
            "trace", "trace", "The path of a recorded trace of the model.", c => c.Trace, (c, v) => c with { Trace = v }),
        new StudyKey<bool>(
            "is_measured", "measured", "Whether the engine itself runs, on this machine's disk; else it is simulated.", StudyValues.Flag,
            c => c.IsMeasured, (c, v) => c with { IsMeasured = v }),
        new StudyKey<ExecutionStrategy>(
            "strategy", "strategy", "How reading and computing share the time.", StudyValues.Word(OptionWords.Strategies),
            c => c.Strategy, (c, v) => c with { Strategy = v }),
        new OptionalStudyKey<PlacementMethod>(
            "placement", "placement", "The order of the neurons on flash. Null: the strategy's own, or neuralink.",
            StudyValues.Word(s_placements), c => c.Placement, (c, v) => c with { Placement = v }),
        new StudyKey<double>(
            "cache_share", "cache", "Share of all neurons that the cache holds.", StudyValues.Number(0, 1),
            c => c.CacheShare, (c, v) => c with { CacheShare = v })
        { IsShare = true },
        new OptionalStudyKey<Placement.Caching.CachePolicyKind>(
            "cache_policy", "policy", "How the cache is ruled. Null: as the strategy says.", StudyValues.Word(OptionWords.CachePolicies),
            c => c.CachePolicy, (c, v) => c with { CachePolicy = v }),
        new StudyKey<int>(
            "lookahead_layers", "layers ahead", "Layers that are looked ahead, by strategies that read ahead.", StudyValues.Integer(1, 8),
            c => c.LookaheadLayers, (c, v) => c with { LookaheadLayers = v }),
        new OptionalStudyKey<int>(
            "queue_depth", "queue", "Reads in flight. Null: as many as suit the device.", StudyValues.Integer(1, 256),
            c => c.QueueDepth, (c, v) => c with { QueueDepth = v }),
        new StudyKey<int>(
            "readers", "readers", "Threads that submit reads; several cost some devices bandwidth.", StudyValues.Integer(1, 256),
            c => c.Readers, (c, v) => c with { Readers = v }),
        new StudyKey<bool>(
            "reads_matrices", "matrix by matrix", "Whether each matrix's part of a neuron is a read of its own; else neurons are bundled.",
            StudyValues.Flag, c => c.ReadsMatrices, (c, v) => c with { ReadsMatrices = v }),
        new StudyKey<int>(
            "boards", "boards", "Boards that share each layer's neurons; the cell is of one of them, without the network.",
            StudyValues.Integer(1, 64), c => c.Boards, (c, v) => c with { Boards = v }),
        new OptionalStudyKey<double>(
            "lookahead_recall", "recall", "Of the neurons wanted and not cached, the share that lookahead finds. Null: as assumed.",
            StudyValues.Number(0, 1), c => c.LookaheadRecall, (c, v) => c with { LookaheadRecall = v })
        { IsShare = true },
        new OptionalStudyKey<double>(
            "lookahead_precision", "precision", "Of the missing neurons that lookahead names, the share that is wanted. Null: as assumed.",
            StudyValues.Number(0.01, 1), c => c.LookaheadPrecision, (c, v) => c with { LookaheadPrecision = v })
        { IsShare = true },
        new OptionalStudyKey<double>(
            "predicted_per_active", "named per active", "Neurons that the predictor names for each active one. Null: it is exact.",
            StudyValues.Number(1, 100), c => c.PredictedPerActive, (c, v) => c with { PredictedPerActive = v }),
        new OptionalStudyKey<int>(
            "collapse_gap_bytes", "gap bytes", "The widest gap that is read through, in bytes. Null: as the device's reads cost.",
            StudyValues.Integer(0, 1 << 30), c => c.CollapseGapBytes, (c, v) => c with { CollapseGapBytes = v }),
        new StudyKey<string>(
            "computing", "computing", "A computing model, or this for this machine.",
            StudyValues.NameOrPath(ComputeModels.All.Select(m => m.Name).Append(ComputeModels.This)),
            c => c.Computing, (c, v) => c with { Computing = v }),
        new StudyKey<double>(
            "compute_scale", "compute scale", "What computing is multiplied by: to study other ratios of it to reading.",
            StudyValues.Number(0.001, 1000), c => c.ComputeScale, (c, v) => c with { ComputeScale = v }),
        new StudyKey<StudyText>(
            "text", "text", "Which text is generated, beside the one that the order was made from.", StudyValues.Word(s_texts),
            c => c.Text, (c, v) => c with { Text = v }),
        new StudyKey<int>(
            "tokens", "tokens", "Tokens generated and counted, after as many as fill the cache.", StudyValues.Integer(1, 4096),
            c => c.Tokens, (c, v) => c with { Tokens = v }),
    ];

    /// <summary>The key of that name.</summary>
    public static StudyKey Of(string name) => All.First(key => key.Name == name);
}
