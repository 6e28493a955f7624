using System.Runtime.CompilerServices;
using Akka.Actor;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Hub;

namespace Neuralink.Hosting;

/// <summary>
/// Opens the engine when the host starts, and disposes it when the host stops. Opening goes on behind the host's start: a web host answers
/// that it is not ready meanwhile, instead of not at all.
/// </summary>
internal sealed class EngineService(
    IOptions<NeuralinkOptions> options, ActorSystem system, IHostApplicationLifetime lifetime, ILogger<EngineService> logger,
    NeuralinkTelemetry telemetry, TimeProvider time, IConfiguration? configuration = null, FlashDecorator? flash = null)
    : IHostedService, INeuralinkEngine, IDisposable
{
    private readonly TaskCompletionSource<NeuralinkEngine> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private Task? _opening;
    private NeuralinkEngine? _engine;

    public string ModelName => _engine?.Name ?? options.Value.ModelName;

    public bool IsReady => _ready.Task.IsCompletedSuccessfully && !_stopping.IsCancellationRequested;

    public Task<NeuralinkEngine> WhenReady => _ready.Task;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        EngineInstruments.Add(telemetry.Meter, () => IsReady ? _engine : null);
        _opening = Task.Run(OpenAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <exception cref="Storage.NeuralinkException">The engine could not be opened, and the host ends for it.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_opening is not null)
            await _opening.ConfigureAwait(false);
        if (_engine is not null)
            await _engine.DisposeAsync().ConfigureAwait(false);
        // Whoever runs the host is to see why it ended.
        if (_ready.Task.IsFaulted && options.Value.StopHostOnFailure)
            await _ready.Task.ConfigureAwait(false);
    }

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        if (_opening is null)
            throw new InvalidOperationException("The host that opens the engine is not started: call its StartAsync or RunAsync first.");
        NeuralinkEngine engine = await _ready.Task.WaitAsync(cancellation).ConfigureAwait(false);
        using TextRecord record = new(telemetry, logger, request, engine.Name);
        IAsyncEnumerator<GenerationEvent> events = engine.GenerateAsync(request, cancellation).GetAsyncEnumerator(CancellationToken.None);
        await using (events.ConfigureAwait(false))
        {
            while (await MoveAsync(events, record).ConfigureAwait(false))
            {
                record.See(events.Current);
                yield return events.Current;
            }
        }
    }

    public void Dispose() => _stopping.Dispose();

    // An iterator cannot catch around what it yields.
    private static async ValueTask<bool> MoveAsync(IAsyncEnumerator<GenerationEvent> events, TextRecord record)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            record.Fail(error);
            throw;
        }
    }

    private async Task OpenAsync()
    {
        CancellationToken stopping = _stopping.Token;
        try
        {
            logger.Opening(options.Value.Model!);
            _engine = await NeuralinkEngine.OpenAsync(
                options.Value.ToSetup(), new ModelStore(StoreOptions()), timeline: null, system, flash?.Decorate, stopping)
                .ConfigureAwait(false);
            logger.Opened(
                _engine.Name, _engine.LoadTime.TotalSeconds, _engine.Memory.TotalBytes, _engine.ContextTokens, _engine.Model.ContextLength);
            if (_engine.IoFallback is { } reason)
                logger.Note(reason);
            await _engine.WhenWarm.WaitAsync(stopping).ConfigureAwait(false);
            _ready.SetResult(_engine);
            logger.Ready(_engine.Name);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            _ready.SetCanceled(stopping);
        }
        catch (Exception error)
        {
            _ready.SetException(error);
            _ = _ready.Task.Exception;      // seen, even if nobody asks for the engine
            logger.Failed(options.Value.Model!, error);
            if (options.Value.StopHostOnFailure)
                lifetime.StopApplication();
        }
    }

    private ModelStoreOptions StoreOptions()
    {
        HubOptions? hub = HubOptions.Find(Variable);
        return new ModelStoreOptions
        {
            CacheFolder = options.Value.PackFolder ?? CacheFolder.Find(Variable),
            Hub = hub is null ? null : hub with { Time = time },
            Note = logger.Note,
            ShowProgress = (title, work) =>
            {
                logger.Began(title);
                long start = time.GetTimestamp();
                work(new Progress<double>());
                logger.Ended(title, time.GetElapsedTime(start).TotalSeconds);
            },
            Time = time,
        };

        // A host's configuration has the environment's variables, unless it leaves them out on purpose.
        string? Variable(string name) => configuration?[name];
    }
}

/// <summary>Puts something around the flash device of the host's engine: faults, or slowness.</summary>
internal sealed record FlashDecorator(Func<IFlashDevice, IFlashDevice> Decorate);
