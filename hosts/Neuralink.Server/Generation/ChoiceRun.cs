using System.Threading.Channels;
using Neuralink.Hosting;

namespace Neuralink.Server.Generation;

/// <summary>
/// The choices of one request while they run. Disposing ends them; whoever reads slowly makes them wait, each in the engine, and nobody
/// else.
/// </summary>
internal sealed class ChoiceRun : IAsyncDisposable
{
    // Updates that wait for a slow reader; then the engine pauses these sequences.
    private const int UpdatesMax = 16;

    // One client is not to fill the engine's queue by one request.
    private const int RunningMax = 8;

    private readonly INeuralinkEngine _engine;
    private readonly Channel<ChoiceUpdate> _updates =
        Channel.CreateBounded<ChoiceUpdate>(new BoundedChannelOptions(UpdatesMax) { SingleReader = true });

    private readonly CancellationTokenSource _ending;
    private readonly SemaphoreSlim _turns = new(RunningMax);
    private readonly Task _running;
    private Exception? _failure;

    private ChoiceRun(INeuralinkEngine engine, IReadOnlyList<GenerationRequest> requests, CancellationToken cancellation)
    {
        _engine = engine;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _running = Task.WhenAll(requests.Select(RunTurnAsync)).ContinueWith(
            _ => _updates.Writer.TryComplete(_failure), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>What becomes certain, choice by choice in any order; each choice's last update has its result. Ends with the first
    /// error.</summary>
    public ChannelReader<ChoiceUpdate> Updates => _updates.Reader;

    /// <summary>Runs choices.</summary>
    /// <param name="engine">Generates.</param>
    /// <param name="requests">The choices.</param>
    /// <param name="cancellation">Ends them all.</param>
    public static ChoiceRun Start(INeuralinkEngine engine, IReadOnlyList<GenerationRequest> requests, CancellationToken cancellation) =>
        new(engine, requests, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _ending.Dispose();
        _turns.Dispose();
    }

    // Never throws: the channel has the error.
    private async Task RunTurnAsync(GenerationRequest request, int index)
    {
        try
        {
            await _turns.WaitAsync(_ending.Token);
            try
            {
                await RunOneAsync(request, index);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (Exception error)
        {
            // The first one says why; the others are then cancelled.
            Interlocked.CompareExchange(ref _failure, error, null);
            await _ending.CancelAsync();
        }
    }

    private async Task RunOneAsync(GenerationRequest request, int index)
    {
        ChoiceText text = new(index);
        await foreach (GenerationEvent happened in _engine.GenerateAsync(request, _ending.Token))
        {
            if (text.Accept(happened) is { } update)
                await _updates.Writer.WriteAsync(update, _ending.Token);
        }
    }
}
