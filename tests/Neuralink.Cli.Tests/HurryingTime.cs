namespace Neuralink.Cli.Tests;

/// <summary>So much time passes whenever one looks that every progress is noted.</summary>
internal sealed class HurryingTime : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => Interlocked.Add(ref _ticks, 2 * (long)TestHome.ProgressPause.TotalSeconds);
}
