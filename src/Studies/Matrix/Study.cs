using Neuralink.Studies.Cells;
using Neuralink.Studies.Reports;

namespace Neuralink.Studies.Matrix;

/// <summary>A study: what is to be run, and how what came of it is reported.</summary>
/// <param name="Name">A word: the preset's, or the file's without its extension.</param>
/// <param name="Title">What is studied.</param>
/// <param name="Question">What the report begins with.</param>
/// <param name="Cells">All cells, each once.</param>
/// <param name="Report">Makes the report of the outcomes, which are in the order of <paramref name="Cells"/> and as many: those that
/// failed have a reason instead of a result.</param>
public sealed record Study(
    string Name, string Title, string Question, IReadOnlyList<StudyCell> Cells, Func<IReadOnlyList<CellOutcome>, StudyReport> Report);

/// <summary>What came of a cell.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Result">Its result, or null where it failed.</param>
/// <param name="Failure">Why it failed, in one line, or null.</param>
/// <param name="Seconds">How long it took to run.</param>
public sealed record CellOutcome(StudyCell Cell, CellResult? Result, string? Failure, double Seconds);
