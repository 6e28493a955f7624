using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;
using Neuralink.Studies.Measuring;

namespace Neuralink.Cli.Measuring;

/// <summary>One run of `bench`: measure, print what there is, say what went wrong.</summary>
internal sealed class BenchRun(BenchSetup setup, BenchFormat format, Surroundings surroundings)
{
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        // While a bar is on the screen nothing else is written; and what is said of an engine is said once.
        List<string> notes = [];
        BenchSession session = new(setup, new ModelStore(ModelLocator.StoreOptions(surroundings) with
        {
            Note = notes.Add,
            ShowProgress = static (_, work) => work(new Progress<double>()),
        }));
        OperationCanceledException? stopped = null;
        try
        {
            await Task.Run(
                () => ProgressDisplay.Run(
                    surroundings, "measuring", share => session.RunAsync(share, cancellation).GetAwaiter().GetResult()),
                CancellationToken.None);
        }
        catch (OperationCanceledException error)
        {
            stopped = error;
        }
        foreach (string note in notes.Distinct(StringComparer.Ordinal))
            surroundings.Note(note);
        IReadOnlyList<BenchRow> rows = [.. session.Results.Select(result => BenchRow.Of(result, session.SentinelRatio))];
        if (rows.Count > 0)
            BenchFormats.Write(rows, setup, format, surroundings.Out);
        await surroundings.Out.FlushAsync(CancellationToken.None);      // before what is said of it
        foreach ((string combination, NeuralinkException error) in session.Failures)
            surroundings.Note($"left out: {combination}: {error.Message}");
        if (stopped is not null)
            throw new CancelledException($"stopped after {session.RunsDone} of {session.RunsTotal} runs", stopped);
        if (session.SentinelRatio is { } ratio)
            surroundings.Note($"the first combination, run again at the end, took {ratio:0.000} times as long: 1 is no drift");
        if (rows.Count == 0)
            throw session.Failures[0].Error;
        return session.Failures.Count == 0 ? ExitCode.Success : ExitCode.Failure;
    }
}
