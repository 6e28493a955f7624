using System.Threading.Channels;
using Neuralink.Actors.Protocols;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Placement;
using Neuralink.Storage;

namespace Neuralink;

/// <summary>A text being generated: a <see cref="TextSequence"/> with a clock, the counters and the channel.</summary>
internal sealed class GenerationJob : IJob
{
    private readonly JobSetup _setup;
    private readonly ChannelWriter<GenerationEvent> _events;
    private readonly TextSequence _text;
    private readonly TakeLogits _choose;
    private KvSequence? _sequence;
    private LayerCounters? _before;
    private TokenGenerated? _chosen;      // from the logits of the pass that runs
    private NeuralinkException? _failure;
    private int _reused;
    private int _completed;               // tokens that passes have run, with those before them
    private long _start;
    private long _promptDone;
    private long _firstToken;
    private long _lastToken;

    public GenerationJob(JobSetup setup, TextSequence text, ChannelWriter<GenerationEvent> events)
    {
        _setup = setup;
        _events = events;
        _text = text;
        _choose = Choose;
    }

    public void Begin()
    {
        _sequence = _setup.Sequences.Take(_text.Prompt, _text.ContinuesConversation);
        _reused = _sequence.Length;
        _text.Skip(_reused);
        _before = _setup.Counters.Snapshot();
        _start = _setup.Time.GetTimestamp();
    }

    public PassProtocol.RunPass NextPass(PassId pass)
    {
        ReadOnlyMemory<int> tokens = _text.NextChunk(_setup.ChunkTokens);
        bool wantsLogits = _text.PromptIsDone && _text.Finished is null;
        return new PassProtocol.RunPass(pass, [new SequencePart(_sequence!, tokens, wantsLogits ? 1 : 0, _choose)]);
    }

    public bool Accept(PassProtocol.PassDone done)
    {
        _completed = _text.HandedOut;
        if (!_text.PromptIsDone)
            return true;
        EndPrompt();
        if (_failure is not null)
            throw _failure;
        if (_chosen is not { } token)
            return false;                                             // nothing was to be generated
        _chosen = null;
        _lastToken = _setup.Time.GetTimestamp();
        if (_text.Generated.Length == 1)
            _firstToken = _lastToken;
        _events.TryWrite(token);
        return _text.Finished is null;
    }

    public void Finish(Exception? error)
    {
        if (_sequence is not null)
            _setup.Sequences.Return(_text.ContinuesConversation ? _text.Tokens[..Math.Max(_completed, _reused)] : []);
        if (error is null)
        {
            string rest = _text.Flush();
            _events.TryWrite(new GenerationFinished(Result(), rest));
        }
        _events.TryComplete(error);
    }

    private void Choose(int index, ReadOnlySpan<float> logits)
    {
        EndPrompt();
        try
        {
            _chosen = _text.Choose(logits);
        }
        catch (NeuralinkException error)
        {
            _failure = error;      // no token can be chosen from them
        }
    }

    /// <summary>The first time: the prompt is through, and to choose a token is no part of it.</summary>
    private void EndPrompt()
    {
        if (_promptDone != 0)
            return;
        long now = _setup.Time.GetTimestamp();
        (_promptDone, _firstToken, _lastToken) = (now, now, now);
    }

    private GenerationResult Result()
    {
        LayerCounters spent = _setup.Counters.Snapshot().Since(_before!);
        int[] tokens = _text.Generated.ToArray();
        double prompt = Millis(_start, _promptDone), afterFirst = Millis(_firstToken, _lastToken);
        return new GenerationResult
        {
            Text = _text.Text,
            PromptTokens = _text.PromptTokens,
            ReusedTokens = _reused,
            Tokens = tokens,
            FinishReason = _text.Finished!.Value,
            Timings = new GenerationTimings
            {
                PromptMillis = prompt,
                PredictedMillis = Millis(_promptDone, _lastToken),
                FirstTokenMillis = Millis(_start, _firstToken),
                PromptPerSecond = (_text.PromptTokens - _reused) / Math.Max(prompt, 1e-6) * 1000,
                PredictedPerSecond = tokens.Length < 2 ? 0 : (tokens.Length - 1) / Math.Max(afterFirst, 1e-6) * 1000,
            },
            Io = Metrics(null),
            Layers = [.. Enumerable.Range(0, spent.LayerCount).Select(layer => Metrics(new LayerIndex(layer)))],
        };

        IoMetrics Metrics(LayerIndex? layer) => new(spent, layer, _setup.Config.FfnSize, _setup.PayloadBytes, _setup.Time);
    }

    private double Millis(long from, long to) => _setup.Time.GetElapsedTime(from, to).TotalMilliseconds;
}

/// <summary>What jobs work with.</summary>
internal sealed record JobSetup
{
    public required ModelConfig Config { get; init; }

    /// <summary>Keys and values; the job that runs has them.</summary>
    public required KeptSequence Sequences { get; init; }

    /// <summary>The most tokens of a pass.</summary>
    public required int ChunkTokens { get; init; }

    /// <summary>Weights of one bundle.</summary>
    public required int PayloadBytes { get; init; }

    /// <summary>Every actor's.</summary>
    public required LayerCounters Counters { get; init; }

    public required TimeProvider Time { get; init; }
}
