using Neuralink.Storage;

namespace Neuralink.Studies.Measuring;

/// <summary>
/// Runs a bench: round after round, every combination once in each, so that what drifts hits all alike. At the end the first combination is
/// run again as often, as a sentinel of drift. What has been run when it is stopped stays.
/// </summary>
public sealed class BenchSession
{
    private readonly BenchSetup _setup;
    private readonly ModelStore _store;
    private readonly (BenchVariant Variant, BenchCell[] Cells)[] _variants;
    private int _runsDone;

    /// <param name="setup">What is run.</param>
    /// <param name="store">Where packed models and profiles are; its clock times the runs.</param>
    public BenchSession(BenchSetup setup, ModelStore store)
    {
        (_setup, _store) = (setup, store);
        _variants = [.. setup.Variants.Select(variant => (variant, CellsOf(variant)))];
    }

    /// <summary>What has been run so far, in the order of the setup.</summary>
    public IReadOnlyList<BenchResult> Results => [.. Cells.Select(cell => cell.Result).OfType<BenchResult>()];

    /// <summary>The combinations that could not be run or ended early, and why.</summary>
    public IReadOnlyList<(string Combination, NeuralinkException Error)> Failures =>
        [.. Cells.Where(cell => cell.Failure is not null).Select(cell => ($"{cell}", cell.Failure!))];

    /// <summary>
    /// The time of the first combination's repetition at the end over that of its runs: 1 where the machine stayed as it was. Null before.
    /// </summary>
    public double? SentinelRatio => Cells.Select(cell => cell.RepeatedRatio).FirstOrDefault(ratio => ratio is not null);

    /// <summary>Counted runs that have been made, those of the sentinel among them.</summary>
    public int RunsDone => _runsDone;

    /// <summary>Counted runs that are to be made.</summary>
    public int RunsTotal => (Cells.Count(cell => cell.Failure is null) + 1) * _setup.Repetitions;

    private IEnumerable<BenchCell> Cells => _variants.SelectMany(v => v.Cells);

    /// <summary>Runs all of it.</summary>
    /// <param name="progress">Told the share of the time that is over, 0 to 1.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task RunAsync(IProgress<double> progress, CancellationToken cancellation)
    {
        BenchTimeLeft left = new(_store.Options.Time, progress);
        await using BenchEngines engines = new(_setup, _store);
        for (int round = 0; round < _setup.Repetitions; round++)
        {
            foreach ((BenchVariant variant, BenchCell[] cells) in _variants)
                await RunAsync(engines, variant, cells, round, isRepetition: false, left, cancellation);
        }
        if (_variants.FirstOrDefault(v => v.Cells.Any(cell => cell.Failure is null)) is not { Cells: { } first } baseline)
            return;
        BenchCell[] sentinel = [first.First(cell => cell.Failure is null)];
        for (int round = 0; round < _setup.Repetitions; round++)
            await RunAsync(engines, baseline.Variant, sentinel, round, isRepetition: true, left, cancellation);
    }

    private BenchCell[] CellsOf(BenchVariant variant) =>
        [.. from protocol in _setup.Protocols from test in _setup.Tests select new BenchCell(variant, protocol, test)];

    private async Task RunAsync(
        BenchEngines engines, BenchVariant variant, BenchCell[] cells, int round, bool isRepetition, BenchTimeLeft left,
        CancellationToken cancellation)
    {
        BenchCell[] going = [.. cells.Where(cell => cell.Failure is null)];
        if (going.Length == 0)
            return;
        BenchEngine engine;
        try
        {
            engine = await engines.OpenAsync(variant, cancellation);
        }
        catch (NeuralinkException error)
        {
            Array.ForEach(going, cell => cell.Fail(error));
            return;
        }
        foreach (BenchCell cell in going)
        {
            try
            {
                await cell.RunAsync(engine, round, isRepetition, _store.Options.Time, cancellation);
                _runsDone++;
                left.Report([.. Cells.Where(c => c.Failure is null)], _runsDone, RunsTotal);
            }
            catch (NeuralinkException error)
            {
                cell.Fail(error);
            }
        }
        await engines.ReleaseAsync(engine);
    }
}
