using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Neuralink.Actors;
using Neuralink.Actors.Hosting;
using Neuralink.Actors.Protocols;
using Neuralink.Models.ChatTemplates;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Pipeline.Residency;
using Neuralink.Pipeline.Scheduling;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;

namespace Neuralink;

/// <summary>
/// A model opened from a flash image, ready to generate. Any number of threads may use it at once: texts run together, each with the very
/// tokens that it has alone, and wait where there is no place. Opening loads the resident weights and allocates all native memory;
/// disposing ends what runs and frees it.
/// </summary>
public sealed class NeuralinkEngine : IAsyncDisposable
{
    private readonly EngineResources _resources;
    private readonly ActorSystem _system;
    private readonly bool _ownsSystem;
    private readonly IActorRef _pipeline;
    private readonly Task _pipelineEnded;
    private readonly EngineJobs _jobs;
    private string? _chatTemplateFile;

    private NeuralinkEngine(EngineResources resources, ActorSystem? system, TimeSpan loadTime)
    {
        _resources = resources;
        Name = ModelStore.NameOf(resources.Image.Folder);
        LoadTime = loadTime;
        _jobs = new EngineJobs(resources.Options.SequencesMax + resources.Options.WaitingMax);
        _ownsSystem = system is null;
        _system = system ?? ActorHosting.NewSystem();
        _pipeline = _system.ActorOf(PipelineActor.Props(resources.Parts, _jobs.FailAll), $"neuralink-{Guid.NewGuid():n}");
        _pipelineEnded = WatchAsync();
    }

    /// <summary>What the model is called.</summary>
    public string Name { get; private set; }

    /// <summary>What a device profile decided, or null.</summary>
    public ProfileUse? Profile { get; private set; }

    /// <summary>The model's configuration.</summary>
    public ModelConfig Model => _resources.Config;

    public Tokenizer Tokenizer => _resources.Tokenizer;

    public FlashImage Image => _resources.Image;

    /// <summary>
    /// What conversations are written by: the file that was given, or the model's own template, or a plain one where it has none. It is
    /// read when it is first asked for, so that a model whose template is not supported can go on with texts.
    /// </summary>
    /// <exception cref="NeuralinkException">The template cannot be read, or has what is not supported.</exception>
    public ChatTemplate ChatTemplate => field ??= ChatTemplateFiles.Get(Image.Folder, _chatTemplateFile);

    /// <summary>How it was set up.</summary>
    public EngineOptions Options => _resources.Options;

    /// <summary>What the strategy switches.</summary>
    public StrategySwitches Strategy => _resources.Parts.Residency.Strategy;

    /// <summary>How the memory is shared out.</summary>
    public MemoryPlan Memory => _resources.Plan;

    /// <summary>The device that neurons are read from, in words.</summary>
    public string DeviceDescription => _resources.Device.Description;

    /// <summary>Why neurons are not read in the way asked for and how they are read instead, or null.</summary>
    public string? IoFallback => _resources.File.FallbackReason;

    /// <summary>Whether neurons come past the operating system's page cache.</summary>
    internal bool IsPastPageCache => _resources.File.IsPastPageCache;

    /// <summary>How long opening took.</summary>
    public TimeSpan LoadTime { get; }

    /// <summary>
    /// Ends when the empty cache has been filled as <see cref="EngineOptions.WarmUp"/> says, which goes on while texts are generated; at
    /// once where there is nothing to fill.
    /// </summary>
    public Task WhenWarm => _resources.Parts.Warm.Task;

    /// <summary>Positions there is room for: prompt and generated tokens together.</summary>
    public int ContextTokens => _resources.Plan.ContextTokens;

    /// <summary>One line that says what held a generation up, and what to change.</summary>
    /// <param name="result">A generation of this engine.</param>
    public string Diagnose(GenerationResult result)
    {
        int chunk = Memory.ChunkTokens, promptPasses = (result.PromptTokens + chunk - 1) / chunk;
        return Diagnosis.Of(new DiagnosedRun(
            result.Io, result.Timings.PromptMillis + result.Timings.PredictedMillis,
            promptPasses + Math.Max(0, result.Tokens.Count - 1), Model.LayerCount, Memory.Frames.CachedMax, Strategy.ReadsAhead,
            Options.ReadCost.BytesPerMicroMax * 1e6));
    }

    /// <summary>What it is doing now.</summary>
    public EngineStatus Status => _resources.Status;

    /// <summary>What it has done so far.</summary>
    public EngineTotals Totals => _resources.Totals;

    /// <summary>Tells <paramref name="observer"/> of each pass, on the engine's own thread (quick, and never throwing), until the result is
    /// disposed.</summary>
    public IDisposable ObservePasses(Action<PassMetrics> observer) => _resources.Observers.Add(observer);

    /// <summary>Sets and frames that a job holds: none when nothing runs.</summary>
    internal int LeaseCount => _resources.Parts.States.Sets.RentedCount + CacheState.LeasedCount + CacheState.PrefetchedCount;

    /// <summary>The state of the cache, for tests, while nothing runs.</summary>
    internal CacheState CacheState => _resources.Parts.States.Cache;

    /// <summary>The actor above all others, for tests.</summary>
    internal IActorRef Pipeline => _pipeline;

    /// <summary>Where it runs, for tests.</summary>
    internal ActorSystem ActorSystem => _system;

    /// <summary>Opens a flash image.</summary>
    /// <param name="imageFolder">The image.</param>
    /// <param name="options">How to set up.</param>
    /// <param name="timeline">Records what the actors do, or null.</param>
    /// <param name="time">The clock; null is the system's.</param>
    /// <param name="decorate">Wraps the flash device, for studies of other devices and of faults; null leaves it as it is.</param>
    /// <param name="system">Runs the actors; its configuration needs <see cref="NeuralinkHosting.AddNeuralinkActors"/>. Null makes one for
    /// this engine.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <exception cref="NeuralinkException">
    /// The image is damaged, an option is out of range, it does not fit the budget, or <paramref name="system"/> lacks dispatchers.
    /// </exception>
    public static Task<NeuralinkEngine> OpenAsync(
        string imageFolder, EngineOptions options, Timeline? timeline = null, TimeProvider? time = null,
        Func<IFlashDevice, IFlashDevice>? decorate = null, ActorSystem? system = null,
        CancellationToken cancellation = default) => Task.Run(
            () =>
            {
                if (system is not null)
                    ActorHosting.Check(system);
                TimeProvider clock = time ?? TimeProvider.System;
                long start = clock.GetTimestamp();
                EngineResources resources = EngineResources.Load(imageFolder, options, timeline, clock, decorate, cancellation);
                try
                {
                    return new NeuralinkEngine(resources, system, clock.GetElapsedTime(start));
                }
                catch
                {
                    resources.Dispose();
                    throw;
                }
            },
            cancellation);

    /// <summary>
    /// Opens a model by its folder: finds or packs its image, and completes the options by the device's profile, the model and what is to
    /// be generated.
    /// </summary>
    /// <param name="setup">The model, and how to open it.</param>
    /// <param name="store">Where packed models and profiles are, and who is told what happens; null has none and tells nobody.</param>
    /// <param name="timeline">Records what the actors do, or null.</param>
    /// <param name="system">Runs the actors, as of the other overload.</param>
    /// <param name="decorate">Wraps the flash device, as of the other overload.</param>
    /// <param name="cancellation">Stops the packing and the opening.</param>
    /// <exception cref="NeuralinkException">There is no such model, or it cannot be packed or opened.</exception>
    public static async Task<NeuralinkEngine> OpenAsync(
        ModelSetup setup, ModelStore? store = null, Timeline? timeline = null, ActorSystem? system = null,
        Func<IFlashDevice, IFlashDevice>? decorate = null, CancellationToken cancellation = default)
    {
        ModelStore models = store ?? new ModelStore(new ModelStoreOptions());
        LocatedModel model = await Task.Run(() => models.Locate(setup.Folder, setup.Reading, cancellation), cancellation)
            .ConfigureAwait(false);
        NeuralinkEngine engine = await models.OpenAsync(model, OpenImageAsync, cancellation).ConfigureAwait(false);
        engine.Name = model.Name;
        return engine;

        async Task<NeuralinkEngine> OpenImageAsync(FlashImage image)
        {
            ModelConfig config = ModelConfigJson.Read(image);
            int? context = setup.ContextTokens?.Invoke(ImageTokenizer.Load(image), config) ?? setup.Engine.ContextTokens;
            int? kvTokens = setup.KvTokens?.Invoke(context ?? config.ContextLength) ?? setup.Engine.KvTokens;
            DeviceProfile? found = setup.FindProfile(image.NeuronsPath, models.Options);
            (EngineOptions options, ProfileUse? profile, StrategyChoice? choice) = setup.Complete(config, image, found);
            if (choice is not null)
                models.Options.Note($"strategy {StrategySwitches.Of(choice.Strategy).Name}: {choice.Reason}");
            NeuralinkEngine opened = await OpenAsync(
                image.Folder, options with { ContextTokens = context, KvTokens = kvTokens }, timeline, models.Options.Time, decorate,
                system, cancellation).ConfigureAwait(false);
            opened.Profile = profile;
            opened._chatTemplateFile = setup.ChatTemplate;
            return opened;
        }
    }

    /// <summary>Generates a text, token by token; the last event has the result.</summary>
    /// <param name="request">What to generate.</param>
    /// <param name="cancellation">Ends the generation; when the enumeration has thrown, nothing of it runs any more.</param>
    /// <exception cref="EngineBusyException">As many texts as may are running or waiting.</exception>
    /// <exception cref="ContextOverflowException">Prompt and new tokens do not fit the context.</exception>
    /// <exception cref="DeadlineExceededException">The text was not complete in time.</exception>
    /// <exception cref="NeuralinkException">The request cannot be met, or flash failed; the engine and other texts go on.</exception>
    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        CheckTokens(request.Prompt.Span, request.MaxTokens);
        GenerationJob job = new(_resources.Jobs, new TextSequence(request, Tokenizer, Model.VocabularySize, Model.EndTokens));
        SequenceId number = _jobs.Add(job.Fail);
        using CancellationTokenSource? deadline = DeadlineOf(request);
        int tokens = 0;
        try
        {
            _pipeline.Tell(new GenerationProtocol.Run(number, job));
            using CancellationTokenRegistration cancelled = RegisterCancel(number, cancellation);
            using CancellationTokenRegistration late = RegisterCancel(number, deadline?.Token ?? default);
            while (await HasMoreAsync().ConfigureAwait(false))
            {
                while (job.Events.TryRead(out GenerationEvent? happened))
                {
                    tokens += happened is TokenGenerated ? 1 : 0;
                    if (job.HaveRead())
                        _pipeline.Tell(new GenerationProtocol.Resume(number));
                    yield return happened;
                }
            }
        }
        finally
        {
            // Whoever stops listening early stops the job; the channel ends when nothing of it is left.
            _pipeline.Tell(new GenerationProtocol.Cancel(number));
            await DrainAsync(job.Events).ConfigureAwait(false);
            _jobs.Remove(number);
        }

        async ValueTask<bool> HasMoreAsync()
        {
            try
            {
                return await job.Events.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (deadline is { IsCancellationRequested: true } && !cancellation.IsCancellationRequested)
            {
                throw new DeadlineExceededException(request.Deadline!.Value, tokens);
            }
        }
    }

    /// <summary>Scores a text: how likely each token is after those before it.</summary>
    /// <param name="tokens">At least two, at most one more than the context.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="NeuralinkException">The tokens do not fit, or flash failed.</exception>
    public Task<ScoreResult> ScoreAsync(ReadOnlyMemory<int> tokens, CancellationToken cancellation = default) =>
        ScoreAsync(new ScoreRequest { Tokens = tokens }, cancellation);

    /// <summary>Scores a part of a text: how likely each of its tokens is after those before it.</summary>
    /// <param name="request">The text, and which part.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="NeuralinkException">The tokens do not fit, or flash failed.</exception>
    public async Task<ScoreResult> ScoreAsync(ScoreRequest request, CancellationToken cancellation = default)
    {
        ReadOnlyMemory<int> tokens = request.Tokens;
        if (tokens.Length < 2)
            throw new NeuralinkException("score the text", "at least 2 tokens", $"{tokens.Length}");
        if (request.ContextTokens < 1 || request.ContextTokens >= tokens.Length)
            throw new NeuralinkException("score the text", $"1 to {tokens.Length - 1} tokens of context", $"{request.ContextTokens}");
        CheckTokens(tokens.Span[..^1], newTokens: 0);
        CheckTokens(tokens.Span[^1..], newTokens: 0);
        ScoreJob job = new(_resources.Jobs, request);
        SequenceId number = _jobs.Add(job.Fail);
        try
        {
            _pipeline.Tell(new GenerationProtocol.Run(number, job));
            using CancellationTokenRegistration registration = RegisterCancel(number, cancellation);
            return await job.Result.ConfigureAwait(false);
        }
        finally
        {
            _jobs.Remove(number);
        }
    }

    /// <summary>
    /// Forgets what is cached and what was learnt about it, as if the engine were new, but for its memory, which is backed already: for
    /// measurements that begin cold. While nothing runs; a text that does fails.
    /// </summary>
    internal Task EmptyCacheAsync(CancellationToken cancellation = default) =>
        _pipeline.Ask<PipelineActor.Started>(PipelineActor.StartAnew.Instance, Timeout.InfiniteTimeSpan, cancellation);

    /// <summary>Ends what runs and frees everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_jobs.Close(new ObjectDisposedException(nameof(NeuralinkEngine))))
            return;
        _system.Stop(_pipeline);
        await _pipelineEnded.ConfigureAwait(false);
        if (_ownsSystem)
            await _system.Terminate().ConfigureAwait(false);
        _resources.Dispose();
    }

    private void CheckTokens(ReadOnlySpan<int> prompt, int newTokens)
    {
        if (prompt.IsEmpty)
            throw new NeuralinkException("start the text", "a prompt of at least 1 token", "an empty prompt", "give a prompt");
        if (newTokens < 0 || (long)prompt.Length + newTokens > ContextTokens)
            throw new ContextOverflowException(prompt.Length, newTokens, ContextTokens);
        Tokenizer.RequireRows(prompt, Model.VocabularySize);
    }

    private static async Task DrainAsync(ChannelReader<GenerationEvent> events)
    {
        while (true)
        {
            while (events.TryRead(out _))
            {
            }

            // The channel's error has reached the enumeration already, if anybody listens.
            Task<bool> more = events.WaitToReadAsync(CancellationToken.None).AsTask();
            await ((Task)more).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!more.IsCompletedSuccessfully || !await more.ConfigureAwait(false))
                return;
        }
    }

    private CancellationTokenSource? DeadlineOf(GenerationRequest request)
    {
        if (request.Deadline is not { } deadline)
            return null;
        if (deadline <= TimeSpan.Zero)
            throw new NeuralinkException("start the text", "a deadline above 0", $"{deadline}");
        return new CancellationTokenSource(deadline, _resources.Jobs.Time);
    }

    private CancellationTokenRegistration RegisterCancel(SequenceId job, CancellationToken cancellation) =>
        cancellation.UnsafeRegister(_ => _pipeline.Tell(new GenerationProtocol.Cancel(job), ActorRefs.NoSender), null);

    /// <summary>
    /// Completes when the actors have ended: because the engine is disposed, or because the host's actor system has ended.
    /// </summary>
    private async Task WatchAsync()
    {
        await _pipeline.WatchAsync().ConfigureAwait(false);
        _jobs.Close(new InvalidOperationException("The engine's actor system has ended; open it again in another."));
    }
}
