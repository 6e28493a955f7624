using Neuralink.Models.Tokenizers.Normalizers;
using Neuralink.Models.Tokenizers.Patterns;

namespace Neuralink.Models.Tokenizers.Decoders;

/// <summary>Puts <paramref name="content"/> in the place of each match in a token.</summary>
internal sealed class ReplaceStage(TextMatcher matcher, string content) : DecoderStage
{
    public override void Take(string token) => Next.Take(Replacement.Of(token, matcher, content));
}

/// <summary>Makes spaces of SentencePiece's sign for one; in the first token it is dropped, as it was put there when encoding.</summary>
internal sealed class MetaspaceStage(string replacement, bool dropsFirst) : DecoderStage
{
    private bool _isFirst = true;

    public override void Take(string token)
    {
        Next.Take(token.Replace(replacement, _isFirst && dropsFirst ? "" : " ", StringComparison.Ordinal));
        _isFirst = false;
    }
}

/// <summary>Puts a space between tokens.</summary>
internal sealed class SpacedStage : DecoderStage
{
    private bool _isFirst = true;

    public override void Take(string token)
    {
        Next.Take(_isFirst ? token : " " + token);
        _isFirst = false;
    }
}

/// <summary>Takes up to so many of a character away from both ends of each token.</summary>
internal sealed class StripTokenStage(string content, int start, int stop) : DecoderStage
{
    public override void Take(string token)
    {
        int begin = 0, end = token.Length;
        for (int i = 0; i < start && token.AsSpan(begin).StartsWith(content); i++)
            begin += content.Length;
        for (int i = 0; i < stop && end - content.Length >= begin && token.AsSpan(0, end).EndsWith(content); i++)
            end -= content.Length;
        Next.Take(token[begin..end]);
    }
}

/// <summary>
/// Takes up to so many of a character away from both ends of the whole text. What may be the end is kept until more has come.
/// </summary>
internal sealed class StripTextStage(string content, int start, int stop) : DecoderStage
{
    private int _leftToStrip = start;
    private string _kept = "";

    public override void Take(string token)
    {
        string text = _kept + token;
        while (_leftToStrip > 0 && text.Length > 0)
        {
            if (!text.StartsWith(content, StringComparison.Ordinal))
            {
                _leftToStrip = 0;
                break;
            }
            text = text[content.Length..];
            _leftToStrip--;
        }
        int end = EndWithoutContent(text);
        _kept = text[end..];
        if (end > 0)
            Next.Take(text[..end]);
    }

    public override void End()
    {
        if (_kept.Length > 0)
            Next.Take(_kept[..EndWithoutContent(_kept)]);
        _kept = "";
        Next.End();
    }

    // Up to `stop` of the character at the end.
    private int EndWithoutContent(string text)
    {
        int end = text.Length;
        for (int i = 0; i < stop && text.AsSpan(0, end).EndsWith(content); i++)
            end -= content.Length;
        return end;
    }
}
