using Neuralink.Models.Tokenizers.Decoders;
using Neuralink.Models.Tokenizers.Normalizers;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Models.Tokenizers.Subwords;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// What a tokenizer is made of, whatever file describes it. Text goes through them in this order: added tokens that are searched for
/// verbatim are cut out, the rest is normalised, the other added tokens are cut out, what is left is cut into words, the words become
/// tokens, and special tokens go around them.
/// </summary>
internal sealed record TokenizerParts
{
    /// <summary>The tokens of the model, as the file spells them, and their ids.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>The tokens that text is searched for.</summary>
    public required IReadOnlyList<AddedToken> Added { get; init; }

    /// <summary>Null where the text is taken as it is.</summary>
    public Normalizer? Normalizer { get; init; }

    /// <summary>Whether added tokens are searched for by their normalised text, rather than by their text.</summary>
    public bool NormalizesAdded { get; init; } = true;

    public IReadOnlyList<IPreTokenizer> PreTokenizers { get; init; } = [];

    public required SubwordModel Model { get; init; }

    public SpecialAffixes Affixes { get; init; } = SpecialAffixes.None;

    /// <summary>From tokens back to text.</summary>
    public required IReadOnlyList<DecoderStep> Decoder { get; init; }
}
