namespace Neuralink.Studies.Reports;

/// <summary>
/// A study's report as plain data. Both renderers take it: one makes report.md of it, the other report.html. All texts are plain: no
/// markup of either.
/// </summary>
/// <param name="Title">What was studied.</param>
/// <param name="Introduction">The question, and how it was answered.</param>
/// <param name="Findings">One sentence each, with its metrics in it; only what the results support. May be empty.</param>
/// <param name="Sections">The rest, in its order.</param>
public sealed record StudyReport(
    string Title, string Introduction, IReadOnlyList<string> Findings, IReadOnlyList<ReportSection> Sections);

/// <summary>Paragraphs, tables and charts under one heading, in the order in which they are shown.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Parts">What stands under it.</param>
public sealed record ReportSection(string Title, IReadOnlyList<ReportPart> Parts);

/// <summary>What a section is made of: a paragraph, a table, one of the charts, or timelines.</summary>
public abstract record ReportPart;

/// <summary>A paragraph.</summary>
/// <param name="Text">Its text.</param>
public sealed record ReportParagraph(string Text) : ReportPart;

/// <summary>A table.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Columns">From left to right.</param>
/// <param name="Rows">A text for each column; numbers are formatted by whoever makes the table, and what is not there is empty.</param>
public sealed record ReportTable(string Title, IReadOnlyList<ReportColumn> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
    : ReportPart;

/// <summary>A column of a table.</summary>
/// <param name="Title">Its heading, with the unit.</param>
/// <param name="IsNumber">Whether numbers stand in it, which are aligned at the right.</param>
public sealed record ReportColumn(string Title, bool IsNumber = true);

/// <summary>What happened during one token, of each cell that recorded it. The page shows one at a time, by choice.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Timelines">The cells' names and timelines.</param>
public sealed record ReportTimelines(string Title, IReadOnlyList<NamedTimeline> Timelines) : ReportPart;

/// <summary>A cell's timeline.</summary>
/// <param name="Name">What tells the cell from the others.</param>
/// <param name="Timeline">What happened.</param>
public sealed record NamedTimeline(string Name, Cells.CellTimeline Timeline);
