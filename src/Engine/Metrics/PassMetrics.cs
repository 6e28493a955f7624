using Neuralink.Actors.Generation;
using Neuralink.Placement;

namespace Neuralink;

/// <summary>One forward pass: which rows it had, and what its layers took.</summary>
public sealed record PassMetrics
{
    /// <summary>Its number, ascending.</summary>
    public required long Number { get; init; }

    /// <summary>When it began, in milliseconds since the engine was opened.</summary>
    public required double StartMillis { get; init; }

    /// <summary>How long it took.</summary>
    public required double TotalMillis { get; init; }

    /// <summary>Texts that had rows in it.</summary>
    public required int Sequences { get; init; }

    /// <summary>Rows of prompts.</summary>
    public required int PromptRows { get; init; }

    /// <summary>Rows of texts that are being continued, a row each.</summary>
    public required int DecodeRows { get; init; }

    /// <summary>Of each layer.</summary>
    public required IReadOnlyList<PassLayer> Layers { get; init; }
}

/// <summary>A layer of a pass. What is read ahead is counted where the read ends, which may be the next pass.</summary>
/// <param name="ComputeMillis">Time in the layer but for the wait.</param>
/// <param name="WaitMillis">Waiting for flash with nothing else to do.</param>
/// <param name="BytesRead">Bytes that arrived.</param>
/// <param name="Reads">Read commands.</param>
/// <param name="HitRate">Share of the wanted neurons that earlier use had left in DRAM.</param>
public readonly record struct PassLayer(double ComputeMillis, double WaitMillis, long BytesRead, long Reads, double HitRate);

/// <summary>Makes the metrics of each pass for those who want them; costs nothing where nobody does.</summary>
internal sealed class PassObservers(JobSetup setup, LayerCounters counters)
{
    private readonly long _opened = setup.Time.GetTimestamp();
    private Action<PassMetrics>? _observers;

    /// <summary>Tells <paramref name="observer"/> of each pass, on Generation's thread, until the result is disposed.</summary>
    public IDisposable Add(Action<PassMetrics> observer)
    {
        Change(observers => observers + observer);
        return new Subscription(this, observer);
    }

    public void PassEnded(PassEnded pass)
    {
        if (Volatile.Read(ref _observers) is not { } observers)
            return;
        int decodeRows = 0, rows = 0;
        foreach ((_, int count) in pass.Parts)
        {
            rows += count;
            decodeRows += count == 1 ? 1 : 0;
        }
        LayerCounters spent = counters.Snapshot().Since(pass.Before);
        observers(new PassMetrics
        {
            Number = pass.Pass.Value,
            StartMillis = setup.Time.GetElapsedTime(_opened, pass.StartTimestamp).TotalMilliseconds,
            TotalMillis = setup.Time.GetElapsedTime(pass.StartTimestamp).TotalMilliseconds,
            Sequences = pass.Parts.Count,
            PromptRows = rows - decodeRows,
            DecodeRows = decodeRows,
            Layers = [.. Enumerable.Range(0, spent.LayerCount).Select(layer => Of(setup.MetricsOf(spent, new LayerIndex(layer))))],
        });
    }

    private static PassLayer Of(IoMetrics io) =>
        new(Math.Max(0, io.LayerMillis - io.WaitMillis), io.WaitMillis, io.BytesRead, io.Reads, io.CacheHitRate);

    private void Change(Func<Action<PassMetrics>?, Action<PassMetrics>?> change)
    {
        Action<PassMetrics>? before;
        do
            before = _observers;
        while (Interlocked.CompareExchange(ref _observers, change(before), before) != before);
    }

    private sealed class Subscription(PassObservers owner, Action<PassMetrics> observer) : IDisposable
    {
        public void Dispose() => owner.Change(observers => observers - observer);
    }
}
