using System.Threading.Channels;
using Neuralink.Actors.Protocols;
using Neuralink.Models.Configuration;
using Neuralink.Placement;
using Neuralink.Storage;

namespace Neuralink;

/// <summary>
/// A text being generated: a <see cref="TextSequence"/> with a clock, and a channel to its reader. When the reader is
/// <see cref="UnreadMax"/> events behind, the job pauses until it has caught up.
/// </summary>
/// <param name="setup">What jobs work with.</param>
/// <param name="text">The text.</param>
internal sealed class GenerationJob(JobSetup setup, TextSequence text) : IJob
{
    /// <summary>Events that wait for a reader before its text pauses: some seconds of a fast model's.</summary>
    public const int UnreadMax = 64;

    // A paused text goes on when so few are left: its reader never runs dry.
    private const int UnreadToResume = UnreadMax / 4;

    private readonly Channel<GenerationEvent> _events =
        Channel.CreateUnbounded<GenerationEvent>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly long _submitted = setup.Time.GetTimestamp();
    private TokenGenerated? _chosen;      // from the logits of the pass that runs
    private NeuralinkException? _failure;
    private int _unread;
    private int _isPaused;
    private int _reused;
    private long _start;
    private long _promptDone;
    private long _firstToken;
    private long _lastToken;

    public ReadOnlyMemory<int> Tokens => text.Tokens;

    public bool SharesPrefix => text.SharesPrefix;

    public bool IsPaused => Volatile.Read(ref _isPaused) != 0;

    /// <summary>What has been made; ends with the job.</summary>
    public ChannelReader<GenerationEvent> Events => _events.Reader;

    /// <summary>Whoever reads <see cref="Events"/> has taken one.</summary>
    /// <returns>Whether the job was paused and is to go on.</returns>
    public bool HaveRead() => Interlocked.Decrement(ref _unread) <= UnreadToResume && Interlocked.Exchange(ref _isPaused, 0) != 0;

    /// <summary>Ends the channel with an error: the engine's actors are gone.</summary>
    public void Fail(Exception error) => _events.Writer.TryComplete(error);

    public void Begin(int reused)
    {
        _reused = reused;
        _start = setup.Time.GetTimestamp();
    }

    public int LogitsWanted(int begin, int end) => end == text.Tokens.Length && text.Finished is null ? 1 : 0;

    public void TakeLogits(int position, ReadOnlySpan<float> logits)
    {
        EndPrompt();
        try
        {
            _chosen = text.Choose(logits);
        }
        catch (NeuralinkException error)
        {
            _failure = error;      // no token can be chosen from them
        }
    }

    public bool Accept(int computed)
    {
        if (computed < text.PromptTokens)
            return true;
        EndPrompt();
        if (_failure is not null)
            throw _failure;
        if (_chosen is not { } token)
            return text.Finished is null;                             // run again so far; or nothing was to be generated
        _chosen = null;
        _lastToken = setup.Time.GetTimestamp();
        if (text.Generated.Length == 1)
            _firstToken = _lastToken;
        Write(token);
        return text.Finished is null;
    }

    public void Finish(LayerCounters spent, Exception? error)
    {
        if (error is null)
        {
            string rest = text.Flush();
            Write(new GenerationFinished(Result(spent), rest));
        }
        setup.Totals.Add(text.PromptTokens, _reused, text.Generated.Length, error);
        _events.Writer.TryComplete(error);
    }

    private void Write(GenerationEvent happened)
    {
        _events.Writer.TryWrite(happened);
        if (Interlocked.Increment(ref _unread) < UnreadMax)
            return;
        // The reader may have caught up before it could see the pause; then it is taken back here.
        Interlocked.Exchange(ref _isPaused, 1);
        if (Volatile.Read(ref _unread) <= UnreadToResume)
            Interlocked.Exchange(ref _isPaused, 0);
    }

    /// <summary>The first time: the prompt is through, and to choose a token is no part of it.</summary>
    private void EndPrompt()
    {
        if (_promptDone != 0)
            return;
        long now = setup.Time.GetTimestamp();
        (_promptDone, _firstToken, _lastToken) = (now, now, now);
    }

    private GenerationResult Result(LayerCounters spent)
    {
        int[] tokens = text.Generated.ToArray();
        double prompt = Millis(_start, _promptDone), afterFirst = Millis(_firstToken, _lastToken);
        return new GenerationResult
        {
            Text = text.Text,
            PromptTokens = text.PromptTokens,
            ReusedTokens = _reused,
            Tokens = tokens,
            FinishReason = text.Finished!.Value,
            Timings = new GenerationTimings
            {
                WaitMillis = Millis(_submitted, _start),
                PromptMillis = prompt,
                PredictedMillis = Millis(_promptDone, _lastToken),
                FirstTokenMillis = Millis(_start, _firstToken),
                PromptPerSecond = (text.PromptTokens - _reused) / Math.Max(prompt, 1e-6) * 1000,
                PredictedPerSecond = tokens.Length < 2 ? 0 : (tokens.Length - 1) / Math.Max(afterFirst, 1e-6) * 1000,
            },
            Io = setup.MetricsOf(spent, null),
            Layers = [.. Enumerable.Range(0, spent.LayerCount).Select(layer => setup.MetricsOf(spent, new LayerIndex(layer)))],
        };
    }

    private double Millis(long from, long to) => setup.Time.GetElapsedTime(from, to).TotalMilliseconds;
}

/// <summary>What jobs work with.</summary>
internal sealed record JobSetup
{
    public required ModelConfig Config { get; init; }

    /// <summary>Weights of one bundle.</summary>
    public required int PayloadBytes { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Counts what jobs come to.</summary>
    public JobTotals Totals { get; } = new();

    /// <summary>Metrics of some counters, of one layer or of all together.</summary>
    public IoMetrics MetricsOf(LayerCounters spent, LayerIndex? layer) => new(spent, layer, Config.FfnSize, PayloadBytes, Time);
}
