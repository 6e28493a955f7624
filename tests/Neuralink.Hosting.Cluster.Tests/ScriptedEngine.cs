using System.Runtime.CompilerServices;
using Neuralink.Pipeline.Metrics;

namespace Neuralink.Hosting.Cluster.Tests;

/// <summary>
/// An engine that says the tokens 0, 1, 2 ... and remembers which prompts it has read. A test holds it up by <see cref="Hold"/>.
/// </summary>
internal sealed class ScriptedEngine(string name) : INeuralinkEngine
{
    private readonly Lock _gate = new();
    private readonly List<int[]> _texts = [];
    private TaskCompletionSource _open = Opened();
    private int _running;
    private int _made;
    private int _cancelled;

    public string Name => name;

    public string ModelName => name;

    public bool IsReady => true;

    public Task<NeuralinkEngine> WhenReady => throw new NotSupportedException();

    /// <summary>Generations that have begun and not ended.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Tokens that were asked for and made.</summary>
    public int Made => Volatile.Read(ref _made);

    /// <summary>Generations that were ended from outside.</summary>
    public int Cancelled => Volatile.Read(ref _cancelled);

    /// <summary>Thrown by the next generations, after two tokens.</summary>
    public Exception? Fault { get; set; }

    /// <summary>
    /// From now on no token is made, until <see cref="Release"/>; the first <paramref name="after"/> of a text still are.
    /// </summary>
    public void Hold(int after = 0)
    {
        HeldFrom = after;
        if (_open.Task.IsCompleted)
            _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Release() => _open.TrySetResult();

    private int HeldFrom { get; set; }

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        Interlocked.Increment(ref _running);
        bool isFinished = false;
        try
        {
            int[] prompt = request.Prompt.ToArray();
            int reused = Reused(prompt);
            List<int> tokens = [];
            for (int i = 0; i < request.MaxTokens; i++)
            {
                if (i >= HeldFrom)
                    await _open.Task.WaitAsync(cancellation);
                cancellation.ThrowIfCancellationRequested();
                if (Fault is { } fault && i == 2)
                    throw fault;
                tokens.Add(i);
                Interlocked.Increment(ref _made);
                yield return new TokenGenerated(i, $"{i} ");
            }
            lock (_gate)
                _texts.Add([.. prompt, .. tokens]);
            yield return new GenerationFinished(Result(prompt.Length, reused, tokens), "");
            isFinished = true;
        }
        finally
        {
            if (!isFinished)
                Interlocked.Increment(ref _cancelled);
            Interlocked.Decrement(ref _running);
        }
    }

    private int Reused(int[] prompt)
    {
        lock (_gate)
            return _texts.Select(t => t.Zip(prompt).TakeWhile(p => p.First == p.Second).Count()).DefaultIfEmpty(0).Max();
    }

    private static TaskCompletionSource Opened()
    {
        TaskCompletionSource open = new();
        open.SetResult();
        return open;
    }

    private static GenerationResult Result(int promptTokens, int reused, List<int> tokens)
    {
        IoCounts io = new(new LayerCounters(2), 8, 64, 1_000_000);
        return new GenerationResult
        {
            Text = string.Concat(tokens.Select(t => $"{t} ")),
            PromptTokens = promptTokens,
            ReusedTokens = reused,
            Tokens = tokens,
            FinishReason = FinishReason.Length,
            Timings = new GenerationTimings
            {
                WaitMillis = 3,
                PromptMillis = 1,
                PredictedMillis = 2,
                FirstTokenMillis = 3,
                PromptPerSecond = 4,
                PredictedPerSecond = 5,
            },
            Io = io.Total,
            Layers = io.Layers,
        };
    }
}
