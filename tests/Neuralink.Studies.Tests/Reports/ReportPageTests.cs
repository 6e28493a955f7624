using Microsoft.Playwright;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Matrix;
using Neuralink.Studies.Reports;
using Neuralink.Studies.Tests.Running;

namespace Neuralink.Studies.Tests.Reports;

/// <summary>report.html in a browser.</summary>
public sealed class ReportPageTests(PageBrowser browser) : IClassFixture<PageBrowser>, IDisposable
{
    private const string Range = "document.querySelector('.timeline').layout.xaxis.range.map(Number)";

    private readonly string _folder = Directory.CreateTempSubdirectory("report-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [BrowserFact]
    public async Task Every_chart_has_marks_and_nothing_is_asked_of_a_network()
    {
        await using OpenReport opened = await browser.OpenAsync(Written(EveryChart()));

        string[] without = await opened.Page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll('.chart, .timeline')]
              .filter(div => !div.querySelector('.point path, .points path, .lines path, .heatmaplayer image, .errorbars path'))
              .map(div => div.parentElement.querySelector('figcaption').textContent)
            """);

        without.Should().BeEmpty();
        (await opened.Page.Locator(".chart").CountAsync()).Should().Be(6);
        (await opened.Page.Locator(".errorbar, .yerror").CountAsync()).Should().BeGreaterThan(0);
    }

    [BrowserFact]
    public async Task The_timeline_zooms_by_dragging_and_by_buttons()
    {
        await using OpenReport opened = await browser.OpenAsync(Written(EveryChart()));
        IPage page = opened.Page;
        double[] whole = await page.EvaluateAsync<double[]>(Range);
        ILocator plot = page.Locator(".timeline .nsewdrag").First;
        await plot.ScrollIntoViewIfNeededAsync();
        LocatorBoundingBoxResult box = (await plot.BoundingBoxAsync())!;

        await page.Mouse.MoveAsync(box.X + (box.Width / 4), box.Y + (box.Height / 2));
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + (box.Height / 2), new() { Steps = 5 });
        await page.Mouse.UpAsync();
        await page.WaitForFunctionAsync($"({Range})[1] < {whole[1] * 0.6}");
        double[] dragged = await page.EvaluateAsync<double[]>(Range);
        await page.GetByRole(AriaRole.Button, new() { Name = "Zoom in" }).ClickAsync();
        await page.WaitForFunctionAsync($"({Range})[1] < {dragged[1]}");
        await page.GetByRole(AriaRole.Button, new() { Name = "All of it" }).ClickAsync();
        await page.WaitForFunctionAsync($"({Range})[1] === {whole[1]}");

        dragged[0].Should().BeApproximately(whole[1] / 4, whole[1] / 50);
    }

    [BrowserFact]
    public async Task The_chooser_shows_another_cells_token()
    {
        await using OpenReport opened = await browser.OpenAsync(Written(EveryChart()));
        double[] first = await opened.Page.EvaluateAsync<double[]>(Range);

        await opened.Page.GetByLabel("Cell").SelectOptionAsync(new SelectOptionValue { Label = "slow" });

        await opened.Page.WaitForFunctionAsync($"({Range})[1] !== {first[1]}");
        (await opened.Page.EvaluateAsync<double[]>(Range))[1].Should().BeGreaterThan(first[1]);
    }

    [BrowserFact]
    public async Task Charts_follow_the_colour_scheme()
    {
        await using OpenReport opened = await browser.OpenAsync(Written(EveryChart()));
        const string ink = "() => document.querySelector('.chart .xtitle').style.fill";
        string light = await opened.Page.EvaluateAsync<string>(ink);

        await opened.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });

        await opened.Page.WaitForFunctionAsync($"({ink})() !== '{light}'");
    }

    [BrowserFact]
    public async Task A_narrow_page_never_scrolls_sideways()
    {
        await using OpenReport opened = await browser.OpenAsync(Written(EveryChart()), width: 400);

        (await opened.Page.EvaluateAsync<int>("document.documentElement.scrollWidth")).Should().Be(400);
    }

    [BrowserFact]
    public async Task Names_are_shown_and_never_run()
    {
        const string evil = "</script><img src=x onerror=\"console.error('run')\"><b>name</b>";
        StudyReport report = EveryChart() with { Title = evil, Findings = [evil] };
        ReportSection section = new(evil, [new ReportTimelines(evil, [new NamedTimeline(evil, Timeline(1))]), Bars(evil)]);
        report = report with { Sections = [.. report.Sections, section] };

        await using OpenReport opened = await browser.OpenAsync(Written(report));

        (await opened.Page.Locator("h1").InnerTextAsync()).Should().Be(evil);
        (await opened.Page.Locator("img").CountAsync()).Should().Be(0);
    }

    [BrowserFact]
    public async Task A_matrix_is_drawn_as_a_whole()
    {
        StudyCell[] cells = [.. StudyPresets.Find("lookahead")!.Load().Cells.Where(cell => cell.ComputeScale <= 1)];
        StudyReport report = MatrixReport.Of("T", "Q", [.. cells.Select(cell => new CellOutcome(cell, FakeCells.Result(cell), null, 1))]);

        await using OpenReport opened = await browser.OpenAsync(Written(report));

        report.Findings.Should().NotBeEmpty();
        (await opened.Page.Locator("#findings li").CountAsync()).Should().Be(report.Findings.Count);
        (await opened.Page.Locator(".chart .main-svg").CountAsync()).Should().BeGreaterThan(6);
    }

    private string Written(StudyReport report)
    {
        string path = Path.Combine(_folder, "report.html");
        File.WriteAllText(path, HtmlReport.Write(report));
        return path;
    }

    private static StudyReport EveryChart()
    {
        ReportAxis time = new("time", "ms"), share = new("cache", "%", IsLogarithmic: true);
        PointSeries line = new("serial", [new ReportPoint(1, 10, 2), new ReportPoint(5, 7, 1), new ReportPoint(20, 3)]);
        PointSeries dots = new("opt-1.3b", [new ReportPoint(10, 11, Label: "first"), new ReportPoint(20, 19)]);
        return new StudyReport(
            "Every chart", "What they look like.", ["cluster is faster by 12%."],
            [
                new ReportSection(
                    "Charts",
                    [
                        new ReportParagraph("A paragraph."),
                        new HeatMap(
                            "Heat", share, ["1%", "5%"], new ReportAxis("strategy"), ["serial", "cluster"], time, [[1, 2], [3, null]]),
                        new LineChart("Lines", share, time, [line, line with { Name = "cluster" }]),
                        new LineChart("Even lines", time, time, [line]),
                        new ScatterChart("Dots", time, time, [dots], HasDiagonal: true),
                        Bars("Bars"),
                        Bars("Stack") with { IsStacked = true },
                        new ReportTable("Table", [new("name", IsNumber: false), new("ms")], [["serial", "12"]]),
                    ]),
                new ReportSection(
                    "Token",
                    [new ReportTimelines("One token", [new NamedTimeline("fast", Timeline(1)), new NamedTimeline("slow", Timeline(2))])]),
            ]);
    }

    private static BarChart Bars(string title) => new(
        title, new ReportAxis("device"), [$"{title} nvme", "ufs-4.0"], new ReportAxis("time", "ms"),
        [new BarSeries("attention", [1, 2]), new BarSeries("visible wait", [3, null])], IsStacked: false);

    private static CellTimeline Timeline(double scale) =>
        FakeCells.Result(new StudyCell { Model = "opt-1.3b", Device = "nvme", ComputeScale = scale }).Timeline!;
}
