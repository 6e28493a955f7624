using Spectre.Console;

namespace Neuralink.Cli.Terminal;

/// <summary>Shows how far a long piece of work has come: a bar on a terminal, elsewhere a line every few seconds.</summary>
internal static class ProgressDisplay
{
    /// <summary>Runs <paramref name="work"/>, which reports the share that is done, 0 to 1.</summary>
    public static void Run(Surroundings surroundings, string title, Action<IProgress<double>> work)
    {
        if (!surroundings.ErrorIsTerminal)
        {
            work(new LineProgress(surroundings, title));
            return;
        }
        Screen.OnError(surroundings).Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => work(new BarProgress(context.AddTask(Markup.Escape(title), maxValue: 1))));
    }

    private sealed class BarProgress(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = value;
    }

    private sealed class LineProgress(Surroundings surroundings, string title) : IProgress<double>
    {
        private long _last = surroundings.Time.GetTimestamp();

        public void Report(double value)
        {
            long now = surroundings.Time.GetTimestamp();
            if (surroundings.Time.GetElapsedTime(_last, now) < surroundings.ProgressPause)
                return;
            _last = now;
            surroundings.Note($"{title}: {value:0%}");
        }
    }
}

/// <summary>Bytes done as a share of all.</summary>
internal sealed class ByteShare(IProgress<double> share, long totalBytes) : IProgress<long>
{
    public void Report(long value) => share.Report((double)value / totalBytes);
}
