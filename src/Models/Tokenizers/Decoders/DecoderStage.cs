using System.Text;

namespace Neuralink.Models.Tokenizers.Decoders;

/// <summary>
/// One stage of the way from tokens to text, token by token. A stage hands on what is certain and keeps the rest until it is. Thread
/// safety: none; a stage belongs to one text.
/// </summary>
internal abstract class DecoderStage
{
    /// <summary>The stage behind this one.</summary>
    public DecoderStage Next { get; set; } = null!;

    /// <summary>Takes a token, or what the stage before made of one.</summary>
    public abstract void Take(string token);

    /// <summary>The text has ended: hands on what was kept.</summary>
    public virtual void End() => Next.End();
}

/// <summary>The end of the way: collects the text.</summary>
internal sealed class TextStage : DecoderStage
{
    private readonly StringBuilder _text = new();

    public override void Take(string token) => _text.Append(token);

    public override void End()
    {
    }

    /// <summary>The text that has come since the last call.</summary>
    public string Flush()
    {
        string text = _text.ToString();
        _text.Clear();
        return text;
    }
}
