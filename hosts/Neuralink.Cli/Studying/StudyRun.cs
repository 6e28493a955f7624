using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;
using Neuralink.Studies.Matrix;
using Neuralink.Studies.Running;

namespace Neuralink.Cli.Studying;

/// <summary>One run of `study`: read it, run its cells, say what was found and where the report is.</summary>
/// <param name="name">A file, or a preset's name.</param>
/// <param name="output">The folder; null for one by the study's name.</param>
/// <param name="surroundings">Where everything goes.</param>
internal sealed class StudyRun(string name, string? output, Surroundings surroundings)
{
    public int Run(CancellationToken cancellation)
    {
        Study study = Find();
        string folder = output ?? $"study-{study.Name}";
        StudyRunner runner = StudyRunner.Create(ModelLocator.StoreOptions(surroundings), surroundings.Time);
        StudyOutcome? outcome = null;
        StudyProgress reached = default;
        try
        {
            ProgressDisplay.Run(
                surroundings, study.Name,
                shown => outcome = runner.Run(study, folder, new Watched(shown, progress => reached = progress), cancellation));
        }
        catch (OperationCanceledException error)
        {
            throw new CancelledException(
                $"stopped with {reached.Finished} of {reached.Total} cells, which are kept in {folder}; the same command goes on", error);
        }
        Print(outcome!, folder);
        return outcome!.Cells.Any(cell => cell.Result is not null) || outcome.Cells.Count == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    private Study Find()
    {
        if (File.Exists(name))
            return StudyFile.Read(name);
        if (StudyPresets.Find(name) is { } preset)
            return preset.Load();
        throw new NeuralinkException(
            $"find the study {name}", $"a study file, or one of {string.Join(", ", StudyPresets.All.Select(p => p.Name))}", "neither");
    }

    private void Print(StudyOutcome outcome, string folder)
    {
        foreach (string finding in outcome.Report.Findings)
            surroundings.Out.WriteLine($"- {finding}");
        CellOutcome[] failed = [.. outcome.Cells.Where(cell => cell.Failure is not null)];
        foreach (IGrouping<string, CellOutcome> why in failed.GroupBy(cell => cell.Failure!, StringComparer.Ordinal))
            surroundings.Note($"{why.Count()} of {outcome.Cells.Count} cells failed: {why.Key}");
        surroundings.Out.WriteLine(Path.Combine(folder, StudyRunner.PageName));
    }

    private sealed class Watched(IProgress<double> shown, Action<StudyProgress> note) : IProgress<StudyProgress>
    {
        public void Report(StudyProgress value)
        {
            note(value);
            shown.Report(value.Total == 0 ? 1 : (double)value.Finished / value.Total);
        }
    }
}
