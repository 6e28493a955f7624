using Neuralink.Studies.Matrix;

namespace Neuralink.Studies.Paper;

/// <summary>
/// The preset `paper`: the Neuralink paper's experiments by simulation, beside what it published (arXiv 2410.19274v3). Devices and
/// processors are fitted to Table 2 and to Table 1's column of OPT-1.3B; all else is predicted.
/// </summary>
internal static class PaperStudy
{
    public const string Name = "paper";

    private const string Title = "The Neuralink paper, simulated";

    private const string Question =
        "Does the simulation say what the Neuralink paper (arXiv 2410.19274v3) published, and what would overlapping add on the same "
        + "phones? The device model of UFS 4.0 is fitted to the four rows of Table 2, that of UFS 3.1 and the processor of the Ace 2 to"
        + " Table 1's column of OPT-1.3B. Everything else is a prediction, from synthetic texts of the models' published activity. Two "
        + "choices were made with the published figures in sight: that Table 1 has one read in flight, and that predictors have rank "
        + "1000, the default of Deja Vu's code, and not less.";

    public static Study Load() => new(
        Name, Title, Question, PaperCells.All, outcomes => PaperReport.Of(Title, Question, new PaperResults(outcomes)));
}
