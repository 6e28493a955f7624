using Neuralink.Studies.Cells;
using Neuralink.Studies.Matrix;

namespace Neuralink.Studies.Reports;

/// <summary>
/// How a matrix of cells is laid out in charts: what varies, what runs along the x axis, what is a chart of its own, and what are the lines
/// of a chart.
/// </summary>
internal sealed class MatrixLayout
{
    /// <summary>What I/O over computing is called, where compute scale runs along the axis.</summary>
    public const string RatioTitle = "I/O over computing (of serial)";

    // Fewer points make no line.
    private const int LinePointsMin = 3;

    // Far apart: equal factors are then equal distances.
    private const double LogarithmicFrom = 15;

    private static readonly string[] s_panelKeys = ["model", "device", "computing", "compute_scale", "text", "trace"];
    // Conditions before choices: choices are compared under each condition.
    private static readonly string[] s_categoryKeys = ["device", "text", "model", "computing", "placement", "strategy", "cache_policy"];

    private readonly IReadOnlyList<CellOutcome> _outcomes;

    public MatrixLayout(IReadOnlyList<CellOutcome> outcomes)
    {
        _outcomes = outcomes;
        Varying = [.. StudyKeys.All.Where(key => outcomes.Select(o => key.TextOf(o.Cell)).Distinct(StringComparer.Ordinal).Skip(1).Any())];
        X = Varying.Where(key => NumbersOf(key) >= LinePointsMin).MaxBy(NumbersOf);
        StudyKey[] rest = [.. Varying.Where(key => key != X)];
        if (X is null)
            Category = CategoryOf(rest);
        PanelKeys = [.. rest.Where(key => key != Category && s_panelKeys.Contains(key.Name))];
        SeriesKeys = [.. rest.Where(key => key != Category && !PanelKeys.Contains(key))];
        Panels =
        [
            .. outcomes.GroupBy(o => NameOf(o.Cell, PanelKeys), StringComparer.Ordinal)
                .Select(group => new MatrixPanel(this, group.Key, [.. group])),
        ];
    }

    /// <summary>The keys that have several values.</summary>
    public IReadOnlyList<StudyKey> Varying { get; }

    /// <summary>The numbers along the x axis; null where no key has enough of them.</summary>
    public StudyKey? X { get; }

    /// <summary>The words along the x axis where there are no numbers; null where each cell is a category of its own.</summary>
    public StudyKey? Category { get; }

    /// <summary>Each combination of their values is a chart of its own.</summary>
    public IReadOnlyList<StudyKey> PanelKeys { get; }

    /// <summary>Each combination of their values is a line.</summary>
    public IReadOnlyList<StudyKey> SeriesKeys { get; }

    /// <summary>The charts.</summary>
    public IReadOnlyList<MatrixPanel> Panels { get; }

    /// <summary>What tells a cell from the others.</summary>
    public string NameOf(StudyCell cell) => NameOf(cell, Varying);

    /// <summary>What a cell has of some keys, in words; what it leaves to others is left out.</summary>
    public static string NameOf(StudyCell cell, IEnumerable<StudyKey> keys) =>
        string.Join(", ", keys.Where(key => IsSaid(cell, key)).Select(key => Words(cell, key)));

    /// <summary>Whether equal factors should be equal distances.</summary>
    public static bool IsLogarithmic(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return all.Length > 0 && all.Min() > 0 && all.Max() / all.Min() >= LogarithmicFrom;
    }

    // What a cell's strategy does not have tells nothing of it.
    private static bool IsSaid(StudyCell cell, StudyKey key) =>
        key.ValueOf(cell) is not null
        && (!key.Name.StartsWith("lookahead", StringComparison.Ordinal) || StrategySwitches.Of(cell.Strategy).ReadsAhead);

    private static string Words(StudyCell cell, StudyKey key) => key.Name switch
    {
        "model" or "device" or "strategy" or "placement" or "cache_policy" or "computing" or "text" or "trace" => key.TextOf(cell),
        "is_measured" => cell.IsMeasured ? "measured" : "simulated",
        _ => $"{key.Title} {key.TextOf(cell)}",
    };

    private int NumbersOf(StudyKey key) => _outcomes.Select(o => key.NumberOf(o.Cell)).OfType<double>().Distinct().Count();

    /// <summary>The first of the keys with words; none where the cells are not all of a product, as in an ablation.</summary>
    private StudyKey? CategoryOf(StudyKey[] keys)
    {
        double product = keys.Aggregate(
            1.0, (count, key) => count * _outcomes.Select(o => key.TextOf(o.Cell)).Distinct(StringComparer.Ordinal).Count());
        return _outcomes.Count * 2 > product
            ? s_categoryKeys.Select(name => keys.FirstOrDefault(key => key.Name == name)).FirstOrDefault(key => key is not null)
            : null;
    }
}

/// <summary>The cells of one chart.</summary>
internal sealed class MatrixPanel
{
    private readonly MatrixLayout _layout;
    private readonly Dictionary<double, double>? _ratios;

    public MatrixPanel(MatrixLayout layout, string name, IReadOnlyList<CellOutcome> outcomes)
    {
        (_layout, Name, Outcomes) = (layout, name, outcomes);
        _ratios = layout.X?.Name == "compute_scale" ? RatiosOf(outcomes) : null;
    }

    /// <summary>What tells it from other panels; empty where there are no others.</summary>
    public string Name { get; }

    /// <summary>Its cells, those that failed too.</summary>
    public IReadOnlyList<CellOutcome> Outcomes { get; }

    /// <summary>Those with a result.</summary>
    public IEnumerable<(StudyCell Cell, CellResult Result)> Results =>
        Outcomes.Where(o => o.Result is not null).Select(o => (o.Cell, o.Result!));

    /// <summary>What runs along the axis.</summary>
    public ReportAxis XAxis => _layout.X is { } x
        ? new ReportAxis(
            _ratios is null ? x.Title : MatrixLayout.RatioTitle, x.IsShare ? "%" : null,
            MatrixLayout.IsLogarithmic(Results.Select(r => XOf(r.Cell)).OfType<double>()))
        : new ReportAxis(_layout.Category?.Title ?? "cell");

    /// <summary>Whether numbers run along the axis.</summary>
    public bool HasNumbers => _layout.X is not null;

    /// <summary>What the categories are, or the numbers of the axis as words.</summary>
    public string CategoryTitle => HasRatios ? MatrixLayout.RatioTitle : (_layout.X ?? _layout.Category)?.Title ?? "cell";

    /// <summary>What the lines are.</summary>
    public string SeriesTitle => _layout.SeriesKeys.Count > 0 ? string.Join(", ", _layout.SeriesKeys.Select(key => key.Title)) : "cell";

    /// <summary>Whether a cell is at a place of the axis; one whose strategy has no such thing is at all of them.</summary>
    public bool IsPlaced(StudyCell cell) => !HasNumbers || XOf(cell) is not null;

    /// <summary>Where a cell is on the axis; shares in percent; null where it is nowhere.</summary>
    public double? XOf(StudyCell cell) => _layout.X?.NumberOf(cell) is { } x && MatrixLayout.NameOf(cell, [_layout.X]).Length > 0
        ? _ratios is null ? (_layout.X.IsShare ? x * 100 : x) : _ratios.GetValueOrDefault(x)
        : null;

    /// <summary>Whether the ratio of I/O to computing runs along the axis.</summary>
    public bool HasRatios => _ratios is not null;

    /// <summary>A place of the axis in words: its category, or the ratio where that runs along the axis.</summary>
    public string PlaceName(string category, double x) => HasRatios ? $"a ratio of {ReportNumbers.Short(x)}" : category;

    /// <summary>The same beside the axis's title.</summary>
    public string TickOf(StudyCell cell) => _layout.X is { } x
        ? HasRatios ? ReportNumbers.Short(XOf(cell)) : x.TextOf(cell)
        : CategoryOf(cell);

    /// <summary>A cell's place of the axis in words.</summary>
    public string PlaceOf(StudyCell cell) => PlaceName(CategoryOf(cell), XOf(cell) ?? 0);

    /// <summary>The category that a cell belongs to.</summary>
    public string CategoryOf(StudyCell cell) => _layout.X is { } x
        ? MatrixLayout.NameOf(cell, [x])
        : _layout.Category is { } category ? MatrixLayout.NameOf(cell, [category]) : MatrixLayout.NameOf(cell, _layout.SeriesKeys);

    /// <summary>The lines: cells that differ in nothing but where they are on the axis, in its order.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<(StudyCell Cell, CellResult Result)> Cells)> Series()
    {
        bool isEachItsOwn = _layout.X is null && _layout.Category is null;
        return
        [
            .. Results.GroupBy(r => isEachItsOwn ? "" : MatrixLayout.NameOf(r.Cell, _layout.SeriesKeys), StringComparer.Ordinal)
                .Select(group => (
                    group.Key.Length == 0 ? "all" : group.Key,
                    (IReadOnlyList<(StudyCell, CellResult)>)[.. group.OrderBy(r => XOf(r.Cell))])),
        ];
    }

    // By compute scale; null unless there is one serial cell for each.
    private static Dictionary<double, double>? RatiosOf(IReadOnlyList<CellOutcome> outcomes)
    {
        double[] scales = [.. outcomes.Where(o => o.Result is not null).Select(o => o.Cell.ComputeScale).Distinct()];
        ILookup<double, CellResult> serial = outcomes
            .Where(o => o.Result is not null && o.Cell.Strategy == ExecutionStrategy.Serial)
            .ToLookup(o => o.Cell.ComputeScale, o => o.Result!);
        return scales.All(scale => serial[scale].Count() == 1)
            ? scales.ToDictionary(scale => scale, scale => serial[scale].Single() is { } r ? r.DeviceMillis / r.ComputeMillis : 0)
            : null;
    }
}
