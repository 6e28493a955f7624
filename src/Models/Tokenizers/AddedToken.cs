namespace Neuralink.Models.Tokenizers;

/// <summary>A token that text is searched for before anything else: a control token, or a word added after training.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
internal sealed record AddedToken(int Id, string Content)
{
    /// <summary>The id that the file states, where Hugging Face's tokenizers give the token another; else null.</summary>
    public int? StatedId { get; init; }

    /// <summary>It controls the model rather than being text, and decoding leaves it out.</summary>
    public bool IsSpecial { get; init; }

    /// <summary>It matches only where no word character touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>It takes the white space before it along.</summary>
    public bool StripsLeft { get; init; }

    /// <summary>It takes the white space after it along.</summary>
    public bool StripsRight { get; init; }

    /// <summary>It is searched for in the normalised text, after those that are not.</summary>
    public bool IsNormalized { get; init; }
}
