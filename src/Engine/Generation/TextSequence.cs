using Neuralink.Models.Sampling;
using Neuralink.Models.Tokenizers;

namespace Neuralink;

/// <summary>
/// One text as it grows: which token follows, what text is certain, and when it is over. Knows nothing of actors or time.
/// </summary>
internal sealed class TextSequence
{
    private readonly GenerationRequest _request;
    private readonly IReadOnlyList<int> _endTokens;
    private readonly Sampler _sampler;
    private readonly LogProbReader? _logProbs;
    private readonly StreamingDecoder _decoder;
    private readonly StopMatcher _stops;
    private readonly System.Text.StringBuilder _text = new();
    private readonly int[] _sequence;      // the prompt and what was generated
    private int _length;

    /// <exception cref="Storage.NeuralinkException">A sampling option is out of range, or a stop text is empty.</exception>
    public TextSequence(GenerationRequest request, Tokenizer tokenizer, int vocabularySize, IReadOnlyList<int> endTokens)
    {
        _request = request;
        _endTokens = request.IgnoreEndTokens ? [] : endTokens;
        _sampler = new Sampler(request.Sampling, vocabularySize);
        _logProbs = request.LogProbs is { } top ? new LogProbReader(top, vocabularySize) : null;
        _decoder = new StreamingDecoder(tokenizer, before: request.Prompt.Span);
        _stops = new StopMatcher(request.Stop);
        _sequence = new int[request.Prompt.Length + request.MaxTokens];
        request.Prompt.Span.CopyTo(_sequence);
        _length = request.Prompt.Length;
        Finished = request.MaxTokens == 0 ? FinishReason.Length : null;
    }

    /// <summary>Why the text is over, or null.</summary>
    public FinishReason? Finished { get; private set; }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens => _request.Prompt.Length;

    /// <summary>Whether what is known of its beginning is used, and what it makes is kept.</summary>
    public bool SharesPrefix => _request.SharesPrefix;

    /// <summary>The prompt and what was generated.</summary>
    public ReadOnlyMemory<int> Tokens => _sequence.AsMemory(0, _length);

    /// <summary>The generated ids.</summary>
    public ReadOnlySpan<int> Generated => _sequence.AsSpan(_request.Prompt.Length, _length - _request.Prompt.Length);

    /// <summary>The text so far, without what is held back.</summary>
    public string Text => _text.ToString();

    /// <summary>Chooses the next token from the logits [vocabulary] and appends it.</summary>
    /// <returns>The token and the text that is certain with it.</returns>
    public TokenGenerated Choose(ReadOnlySpan<float> logits)
    {
        int token = _sampler.Sample(logits, _sequence.AsSpan(0, _length));
        _sequence[_length++] = token;
        string piece = "", text = "";
        if (_endTokens.Contains(token))
        {
            Finished = FinishReason.Stop;
        }
        else
        {
            piece = _decoder.Append(token);
            text = _stops.Append(piece);
            if (_stops.Found is not null)
                Finished = FinishReason.Stop;
        }
        if (_length == _sequence.Length)
            Finished ??= FinishReason.Length;
        _text.Append(text);
        return new TokenGenerated(token, text) { Piece = piece, LogProbs = _logProbs?.Read(logits, token) };
    }

    /// <summary>Ends the text.</summary>
    /// <returns>What had been held back.</returns>
    public string Flush()
    {
        string rest = _stops.Found is null ? _stops.Append(_decoder.Flush()) + _stops.Flush() : "";
        _text.Append(rest);
        return rest;
    }
}
