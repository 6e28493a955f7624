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
        private readonly long _start = surroundings.Time.GetTimestamp();
        private long _last = surroundings.Time.GetTimestamp();

        public void Report(double value)
        {
            long now = surroundings.Time.GetTimestamp();
            if (surroundings.Time.GetElapsedTime(_last, now) < surroundings.ProgressPause)
                return;
            _last = now;
            surroundings.Note($"{title}: {value:0%}{Left(surroundings.Time.GetElapsedTime(_start, now), value)}");
        }

        /// <summary>The time left, if what is left goes as what is done.</summary>
        private static string Left(TimeSpan spent, double share)
        {
            double seconds = share > 0 ? spent.TotalSeconds * (1 - share) / share : double.NaN;
            return seconds switch
            {
                < 1 or double.NaN => "",
                < 100 => $", {seconds:0} s left",
                < 6000 => $", {seconds / 60:0} min left",
                _ => $", {seconds / 3600:0} h left",
            };
        }
    }
}

/// <summary>Bytes done as a share of all.</summary>
internal sealed class ByteShare(IProgress<double> share, long totalBytes) : IProgress<long>
{
    public void Report(long value) => share.Report((double)value / totalBytes);
}
