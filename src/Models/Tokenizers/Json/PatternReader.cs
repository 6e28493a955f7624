using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Patterns;

namespace Neuralink.Models.Tokenizers.Json;

/// <summary>Reads a pattern of tokenizer.json: {"String": a literal} or {"Regex": a regular expression}.</summary>
internal static class PatternReader
{
    /// <exception cref="Neuralink.Storage.NeuralinkException">It is malformed, or cannot be matched exactly.</exception>
    public static TextMatcher Read(JsonField pattern)
    {
        if (!pattern["String"].IsNull)
            return new LiteralMatcher(pattern["String"].Text());
        JsonField source = pattern["Regex"];
        try
        {
            return Pattern.Parse(source.Text());
        }
        catch (PatternException error)
        {
            throw source.Refuse("a regular expression that this engine can match exactly", error.Message);
        }
    }
}
