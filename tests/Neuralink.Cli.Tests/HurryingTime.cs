namespace Neuralink.Cli.Tests;

/// <summary>Ten seconds pass whenever one looks, so that every progress is noted.</summary>
internal sealed class HurryingTime : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => Interlocked.Add(ref _ticks, 10);
}
