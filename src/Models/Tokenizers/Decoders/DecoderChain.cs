namespace Neuralink.Models.Tokenizers.Decoders;

/// <summary>The stages from tokens to text, for one text. Thread safety: none.</summary>
internal sealed class DecoderChain
{
    private readonly TextStage _text = new();
    private readonly DecoderStage _first;

    /// <param name="steps">The stages, in order.</param>
    /// <param name="isStream">The text is shown while it is made.</param>
    public DecoderChain(IReadOnlyList<DecoderStep> steps, bool isStream)
    {
        _first = _text;
        for (int i = steps.Count - 1; i >= 0; i--)
        {
            DecoderStage stage = steps[i].Make(isStream);
            stage.Next = _first;
            _first = stage;
        }
    }

    public void Take(string token) => _first.Take(token);

    /// <summary>The text that has become certain since the last call.</summary>
    public string Flush() => _text.Flush();

    /// <summary>Ends the text, and gives what is left of it.</summary>
    public string End()
    {
        _first.End();
        return _text.Flush();
    }
}
