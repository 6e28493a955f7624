using Neuralink.Storage.Devices;

namespace Neuralink.Storage.Tests.Devices;

/// <summary>Counts completions, overall and for each read, and lets a test wait for them.</summary>
internal sealed class CompletionCounter : IFlashCompletionSink, IDisposable
{
    // Ends a hanging test; a passing one never waits that long.
    private static readonly TimeSpan s_hangs = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _completions = new(0);
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Completed(FlashRead read)
    {
        Interlocked.Increment(ref _count);
        _completions.Release();
    }

    public void Wait(int completions = 1)
    {
        for (int i = 0; i < completions; i++)
        {
            if (!_completions.Wait(s_hangs))
                throw new TimeoutException("A read did not complete.");
        }
    }

    public void Dispose() => _completions.Dispose();
}
