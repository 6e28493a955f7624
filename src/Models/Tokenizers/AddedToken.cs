namespace Neuralink.Models.Tokenizers;

/// <summary>A token that text is searched for before anything else: a control token, or a word added after training.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">It controls the model rather than being text, and decoding leaves it out.</param>
/// <param name="SingleWord">It matches only where no word character touches it.</param>
/// <param name="StripsLeft">It takes the white space before it along.</param>
/// <param name="StripsRight">It takes the white space after it along.</param>
/// <param name="IsNormalized">It is searched for after those that are not, in what they left.</param>
internal sealed record AddedToken(
    int Id, string Content, bool IsSpecial, bool SingleWord, bool StripsLeft, bool StripsRight, bool IsNormalized);
