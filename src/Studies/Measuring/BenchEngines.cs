namespace Neuralink.Studies.Measuring;

/// <summary>
/// The engines of a bench. All stay open, if they fit into memory together; else each is open only while it runs, the first as the last,
/// so that none has an advantage.
/// </summary>
internal sealed class BenchEngines(BenchSetup setup, ModelStore store) : IAsyncDisposable
{
    private readonly Dictionary<BenchVariant, BenchEngine> _open = [];
    private bool _keepsOpen = true;

    /// <summary>The engine of a variant, opened unless it is open.</summary>
    public async Task<BenchEngine> OpenAsync(BenchVariant variant, CancellationToken cancellation)
    {
        if (_open.TryGetValue(variant, out BenchEngine? there))
            return there;
        BenchEngine engine = await BenchEngine.OpenAsync(
            variant.Setup, setup.Tests, setup.Source, store, timeline: null, decorate: null, cancellation);
        if (_keepsOpen && _open.Values.Append(engine).Sum(e => e.Engine.Memory.TotalBytes) > setup.EngineBytesMax)
        {
            _keepsOpen = false;
            store.Options.Note("the engines do not fit into memory together: each is opened anew for every run of its own");
            await DisposeAsync();
        }
        _open.Add(variant, engine);
        return engine;
    }

    /// <summary>Its runs of this round are over.</summary>
    public ValueTask ReleaseAsync(BenchEngine engine) => _keepsOpen ? ValueTask.CompletedTask : DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (BenchEngine engine in _open.Values)
            await engine.DisposeAsync();
        _open.Clear();
    }
}
