using System.Runtime.CompilerServices;
using Neuralink.Models.Sampling;

namespace Neuralink.Hosting;

/// <summary>
/// One text that grows, in tokens: its owner appends to it, the model goes on with it, and it can be taken back to any position and gone on
/// with in another way. What was computed of it is kept as long as there is room, so that only what is new is run. One caller at a time.
/// </summary>
/// <param name="engine">Goes on with the text; any number of sessions may share it.</param>
public sealed class TextSession(INeuralinkEngine engine)
{
    private readonly List<int> _tokens = [];
    private bool _isGenerating;

    /// <summary>The text so far: what was appended and what was generated, end tokens and the tokens of stop texts too.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>Appends tokens, as the engine's tokenizer makes them.</summary>
    /// <exception cref="InvalidOperationException">A generation is going on.</exception>
    public void Append(ReadOnlySpan<int> tokens)
    {
        RequireIdle();
        foreach (int token in tokens)
            _tokens.Add(token);
    }

    /// <summary>Takes the text back to its first <paramref name="position"/> tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It has fewer.</exception>
    /// <exception cref="InvalidOperationException">A generation is going on.</exception>
    public void Rewind(int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, _tokens.Count);
        RequireIdle();
        _tokens.RemoveRange(position, _tokens.Count - position);
    }

    /// <summary>
    /// Goes on with the text, token by token; the last event has the metrics. A token is part of the text when it is handed out. When the
    /// enumeration has ended, in whatever way, nothing of it runs any more, and the text can be gone on with.
    /// </summary>
    /// <param name="maxTokens">The most tokens to generate.</param>
    /// <param name="sampling">How they are chosen; null is the sampler's default.</param>
    /// <param name="stop">Texts that end it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Storage.NeuralinkException">The text is empty or does not fit the context, or flash failed.</exception>
    /// <exception cref="InvalidOperationException">A generation is going on already.</exception>
    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(
        int maxTokens, SamplingOptions? sampling = null, IReadOnlyList<string>? stop = null,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        RequireIdle();
        GenerationRequest request = new()
        {
            Prompt = _tokens.ToArray(),
            MaxTokens = maxTokens,
            Sampling = sampling ?? new SamplingOptions(),
            Stop = stop ?? [],
            SharesPrefix = true,
        };
        _isGenerating = true;
        try
        {
            await foreach (GenerationEvent happened in engine.GenerateAsync(request, cancellation).ConfigureAwait(false))
            {
                if (happened is TokenGenerated token)
                    _tokens.Add(token.Id);
                yield return happened;
            }
        }
        finally
        {
            _isGenerating = false;
        }
    }

    private void RequireIdle()
    {
        if (_isGenerating)
            throw new InvalidOperationException("The session is generating: read its tokens to their end, or stop reading, before.");
    }
}
