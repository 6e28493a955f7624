namespace Neuralink.Cli.Terminal;

/// <summary>
/// Who takes Ctrl-C: the program, which ends, or for a while a command that is doing something which can be stopped by itself.
/// </summary>
internal sealed class Interrupts
{
    private readonly Lock _gate = new();
    private Action? _stop;

    /// <summary>From now on <paramref name="stop"/> takes it, until the result is disposed.</summary>
    public IDisposable Take(Action stop)
    {
        lock (_gate)
            _stop = stop;
        return new Taking(this);
    }

    /// <summary>Ctrl-C was pressed.</summary>
    /// <returns>False where it is the program's.</returns>
    public bool TryHandle()
    {
        lock (_gate)
        {
            _stop?.Invoke();
            return _stop is not null;
        }
    }

    private sealed class Taking(Interrupts interrupts) : IDisposable
    {
        public void Dispose()
        {
            lock (interrupts._gate)
                interrupts._stop = null;
        }
    }
}
