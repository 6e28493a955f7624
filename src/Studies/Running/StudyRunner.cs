using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Text;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Matrix;
using Neuralink.Studies.Measuring;
using Neuralink.Studies.Reports;
using Neuralink.Studies.Workloads;

namespace Neuralink.Studies.Running;

/// <summary>How far a study is.</summary>
/// <param name="Finished">Cells with a result, and those that failed.</param>
/// <param name="Total">All cells.</param>
public readonly record struct StudyProgress(int Finished, int Total);

/// <summary>
/// Runs studies: simulated cells on all processors, measured ones one after the other. A study that was ended goes on where it was: a cell
/// with a result is not run again, one that failed is.
/// </summary>
public sealed class StudyRunner
{
    /// <summary>What is written beside the results.</summary>
    public const string MarkdownName = "report.md", PageName = "report.html";

    private readonly ICellRunner _simulated, _measured;
    private readonly TimeProvider _time;
    private readonly int _threads;

    /// <param name="simulated">Runs simulated cells, several at once.</param>
    /// <param name="measured">Runs measured cells.</param>
    /// <param name="time">How long a cell took.</param>
    /// <param name="threads">Simulated cells that run at once.</param>
    internal StudyRunner(ICellRunner simulated, ICellRunner measured, TimeProvider time, int threads) =>
        (_simulated, _measured, _time, _threads) = (simulated, measured, time, threads);

    /// <summary>A runner of simulated cells, on all processors.</summary>
    /// <param name="store">Where this machine's device profiles and packed models are.</param>
    /// <param name="time">The clock.</param>
    public static StudyRunner Create(ModelStoreOptions store, TimeProvider time)
    {
        Func<string, DeviceModel> thisDevice = model => ThisDevice(model, store);
        CellSimulation simulation = new(new StudyWorkloads(), thisDevice, time);
        return new StudyRunner(simulation, new MeasuredCells(new ModelStore(store), thisDevice), time, Environment.ProcessorCount);
    }

    /// <summary>Runs what is not finished, and writes results.csv, report.md and report.html.</summary>
    /// <param name="study">The study.</param>
    /// <param name="folder">Where all of it goes, and results.jsonl with what is finished.</param>
    /// <param name="progress">Told when a cell has finished.</param>
    /// <param name="cancellation">Ends it; what is finished is kept.</param>
    /// <exception cref="NeuralinkException">The folder cannot be written, or what is there cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public StudyOutcome Run(Study study, string folder, IProgress<StudyProgress> progress, CancellationToken cancellation)
    {
        IReadOnlyList<CellOutcome> outcomes = RunCells(study, folder, progress, cancellation);
        StudyReport report = study.Report(outcomes);
        Write(folder, ResultsTable.Name, ResultsTable.Write(outcomes));
        Write(folder, MarkdownName, MarkdownReport.Write(report));
        Write(folder, PageName, HtmlReport.Write(report));
        return new StudyOutcome(outcomes, report);
    }

    /// <summary>The disk that a model's image lies on; of a shape that of the cache folder.</summary>
    private static DeviceModel ThisDevice(string model, ModelStoreOptions store)
    {
        string? place = FlashImage.IsImage(model) ? model : store.CacheFolder;
        DeviceProfile? profile = place is not null && Path.Exists(place) ? new ProfileStore(store).Find(place) : null;
        return profile is null
            ? throw new NeuralinkException(
                $"find what reads cost on the disk of {model}", "a profile of it", "none", $"measure it with 'neuralink probe {place}'")
            : DeviceModels.Of(profile, DeviceModels.This);
    }

    private static void Write(string folder, string name, string text) =>
        SyncedFile.Replace(Path.Combine(folder, name), Encoding.UTF8.GetBytes(text));

    private IReadOnlyList<CellOutcome> RunCells(
        Study study, string folder, IProgress<StudyProgress> progress, CancellationToken cancellation)
    {
        using ResultsFile file = ResultsFile.Open(folder);
        CellOutcome?[] outcomes = [.. study.Cells.Select(file.Find)];
        int finished = outcomes.Count(outcome => outcome is not null);
        Lock gate = new();
        progress.Report(new StudyProgress(finished, outcomes.Length));
        int[] missing = [.. Enumerable.Range(0, outcomes.Length).Where(i => outcomes[i] is null)];
        InParallel([.. missing.Where(i => !study.Cells[i].IsMeasured)], i => RunOne(_simulated, i), cancellation);
        foreach (int i in missing.Where(i => study.Cells[i].IsMeasured))
            RunOne(_measured, i);
        return [.. outcomes.Select(outcome => outcome!)];

        void RunOne(ICellRunner runner, int i)
        {
            CellOutcome outcome = Outcome(runner, study.Cells[i], cancellation);
            lock (gate)
            {
                file.Add(outcome);
                outcomes[i] = outcome;
                progress.Report(new StudyProgress(++finished, outcomes.Length));
            }
        }
    }

    private CellOutcome Outcome(ICellRunner runner, StudyCell cell, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        long began = _time.GetTimestamp();
        try
        {
            CellResult result = runner.Run(cell, cancellation);
            return CellMetric.Flaw(result) is { } flaw
                ? throw new NeuralinkException("run a cell", "metrics that are numbers", flaw)
                : new CellOutcome(cell, result, Failure: null, Seconds());
        }
        catch (Exception error) when (error is NeuralinkException or IOException or UnauthorizedAccessException)
        {
            return new CellOutcome(cell, Result: null, error.Message.ReplaceLineEndings(" "), Seconds());
        }

        double Seconds() => _time.GetElapsedTime(began).TotalSeconds;
    }

    // One cell at a time for each thread, because one may take a hundred times as long as another.
    private void InParallel(int[] cells, Action<int> run, CancellationToken cancellation)
    {
        ParallelOptions options = new() { MaxDegreeOfParallelism = _threads, CancellationToken = cancellation };
        try
        {
            Parallel.ForEach(Partitioner.Create(cells, EnumerablePartitionerOptions.NoBuffering), options, run);
        }
        catch (AggregateException error)
        {
            // Those after the first are of cells that ran at the same time, and met the same.
            ExceptionDispatchInfo.Throw(error.InnerExceptions[0]);
        }
    }
}

/// <summary>What came of a study.</summary>
/// <param name="Cells">Of each cell, in their order.</param>
/// <param name="Report">What was written as report.md and report.html.</param>
public sealed record StudyOutcome(IReadOnlyList<CellOutcome> Cells, StudyReport Report);
