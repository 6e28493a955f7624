using Neuralink.Studies.Cells;
using Neuralink.Studies.Computing;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Reports;

namespace Neuralink.Studies.Paper;

/// <summary>The tables of the paper's report.</summary>
internal static class PaperTables
{
    private const int Opt350MNeurons = 24 * 4096;

    public static ReportTable Table1(PaperResults results) => new(
        "Milliseconds a token, published and simulated, and the relative error",
        [
            new("model", IsNumber: false), new("computing, published"), new("simulated"), new("error"), new("reading, published"),
            new("simulated"), new("error"), new("both, published"), new("simulated"), new("error"),
            new("fitted or predicted", IsNumber: false),
        ],
        [
            .. results.Table1.Select(t => (IReadOnlyList<string>)
                [
                    t.Published.Model, Short(t.Published.ComputeMillis), Short(t.ComputeMillis), Signed(t.Errors[0]),
                    Short(t.Published.ReadMillis), Short(t.ReadMillis), Signed(t.Errors[1]), Short(t.Published.TotalMillis),
                    Short(t.TotalMillis), Signed(t.Errors[2]), t.Published.IsFitted ? "fitted" : "predicted",
                ]),
        ]);

    /// <summary>The rows that UFS 4.0 is fitted to, and what the fit makes of them.</summary>
    public static ReportTable Table2()
    {
        DeviceModel ufs = DeviceModels.Find("ufs-4.0");
        return new ReportTable(
            "Reading a token of OPT-350M without a cache, by the share of the neurons that is active; all four rows are fitted",
            [
                new("active"), new("MB/s, published"), new("ms a token, published"), new("runs of neurons, by chance"), new("ms, fitted"),
                new("error"),
            ],
            [.. PublishedReads.Table2.Select(row => (IReadOnlyList<string>)[.. Row(row.ActiveShare, row.MegabytesPerSecond, row.Millis)])]);

        IEnumerable<string> Row(double share, double megabytes, double millis)
        {
            double bytes = megabytes * millis * 1000;
            double runs = share < 1 ? Opt350MNeurons * share * (1 - share) : bytes / (256 << 10);
            double fitted = runs * ufs.Cost.MicrosOf((long)(bytes / runs)) / 1000;
            return
            [
                ReportNumbers.Percent(share), Short(megabytes), Short(millis), Short(runs), Short(fitted), Signed((fitted / millis) - 1),
            ];
        }
    }

    /// <summary>A headline on each phone: the geometric mean over the models, and by how much it is off.</summary>
    public static ReportTable Ratios(
        PaperResults results, string title, Func<PublishedRatio, double> published, Func<CellResult, CellResult, double> ratio) => new(
        title,
        [
            new("over", IsNumber: false), new("published"),
            .. PaperCells.Phones.SelectMany(phone => new[] { new ReportColumn(phone.Title), new ReportColumn("error") }),
        ],
        [
            .. PublishedFigures.Ratios.Select(r => (IReadOnlyList<string>)
                [
                    r.Title, Short(published(r)),
                    .. PaperCells.Phones.Select(phone => results.Mean(phone, r.Over, ratio))
                        .SelectMany(mean => new[] { Short(mean), Signed((mean / published(r)) - 1) }),
                ]),
        ]);

    /// <summary>The same of each model, on the paper's main phone.</summary>
    public static ReportTable RatiosByModel(PaperResults results)
    {
        PaperPhone phone = PaperCells.Phones[0];
        return new ReportTable(
            $"Each model: {phone.Title}",
            [
                new("model", IsNumber: false),
                .. PublishedFigures.Ratios.Select(r => new ReportColumn($"time over {r.Title}")), new("reading over LLM in a flash"),
                new("reading over matrix by matrix"),
            ],
            [
                .. PaperCells.Models.Select(model => (IReadOnlyList<string>)
                    [
                        model, .. PublishedFigures.Ratios.Select(r => Short(results.Ratio(model, phone, r.Over, PaperResults.Time))),
                        Short(results.Ratio(model, phone, Baseline.LlmFlash, PaperResults.Reading)),
                        Short(results.Ratio(model, phone, Baseline.Matrices, PaperResults.Reading)),
                    ]),
            ]);
    }

    /// <summary>What the two stages bring.</summary>
    public static ReportTable Ablation(PaperResults results)
    {
        return new ReportTable(
            "How many times as long a token takes without it",
            [
                new("stage", IsNumber: false), new("published"),
                .. PaperCells.Phones.SelectMany(phone => new[] { new ReportColumn(phone.Title), new ReportColumn("error") }),
            ],
            [
                Row("offline: the order", PublishedFigures.OfflineStage, Baseline.LlmFlash, Baseline.OfflineOnly),
                Row("online: collapse and admission, on top of it", PublishedFigures.OnlineStage, Baseline.OfflineOnly, Baseline.Neuralink),
            ]);

        IReadOnlyList<string> Row(string stage, double published, Baseline without, Baseline with) =>
        [
            stage, Short(published),
            .. PaperCells.Phones.Select(phone => results.Mean(phone, without, PaperResults.Time, with))
                .SelectMany(mean => new[] { Short(mean), Signed((mean / published) - 1) }),
        ];
    }

    /// <summary>Milliseconds a token of each model, one way beside the other.</summary>
    public static ReportTable Additions(PaperResults results, PaperPhone phone, IReadOnlyList<Baseline> ways) => new(
        $"Milliseconds a token: {phone.Title}",
        [
            new("model", IsNumber: false), .. ways.Select(way => new ReportColumn(PaperTexts.NameOf(way))), new("of it waiting, at last"),
        ],
        [
            .. PaperCells.Models.Select(model => (IReadOnlyList<string>)
                [
                    model, .. ways.Select(way => Short(results.Find(PaperCells.Of(model, phone, way))?.TokenMillis)),
                    results.Find(PaperCells.Of(model, phone, ways[^1])) is { } last ? ReportNumbers.Percent(last.WaitShare) : "",
                ]),
        ]);

    public static ReportTable Sources() => new(
        "Devices and processors", [new("model", IsNumber: false), new("source", IsNumber: false)],
        [
            .. DeviceModels.All.Where(d => PaperCells.Phones.Any(p => p.Device == d.Name))
                .SelectMany(d => d.Sources.Select(s => (IReadOnlyList<string>)[d.Title, s])),
            .. ComputeModels.All.SelectMany(c => c.Sources.Select(s => (IReadOnlyList<string>)[c.Title, s])),
        ]);

    private static string Short(double? value) => ReportNumbers.Short(value);

    private static string Signed(double? share) => share is { } s ? $"{(s >= 0 ? "+" : "-")}{ReportNumbers.Percent(Math.Abs(s))}" : "";
}
