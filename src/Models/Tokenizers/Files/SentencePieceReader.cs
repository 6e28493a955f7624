using Neuralink.Models.Tokenizers.Decoders;
using Neuralink.Models.Tokenizers.Gguf;
using Neuralink.Models.Tokenizers.Normalizers;
using Neuralink.Models.Tokenizers.Patterns;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Models.Tokenizers.Subwords;

namespace Neuralink.Models.Tokenizers.Files;

/// <summary>
/// Makes a tokenizer of a SentencePiece vocabulary: of a tokenizer.model here, and of the same lists wherever else they stand. Text becomes
/// the pieces that SentencePiece makes of it; control pieces written out in a text are recognised, as transformers does.
/// </summary>
internal static class SentencePieceReader
{
    private const string Sign = "\u2581";

    /// <exception cref="Storage.NeuralinkException">The file is damaged, or uses what is not supported.</exception>
    public static TokenizerParts Read(string path, TokenizerConfig config)
    {
        SentencePieceModel model = SentencePieceModel.Read(path);
        config.NameByDefault(model.BosPiece, "bos_token");
        config.NameByDefault(model.EosPiece, "eos_token");
        Vocabulary vocabulary = new(model.Pieces, model.Refuse);
        return Build(vocabulary, model.IsUnigram, model.FallsBackToBytes) with
        {
            Normalizer = Normalizer(model, config),
            PreTokenizers = model.AddsPrefix && !config.IsLegacy ? [new PrefixStep()] : [],
            Affixes = vocabulary.ControlOf(model.BosPiece) is { } bos ? new SpecialAffixes([bos], []) : SpecialAffixes.None,
            Decoder = Decoder(model.AddsPrefix),
        };
    }

    /// <summary>
    /// The tokenizer of a GGUF's vocabulary: text is taken as it is, and each part of it between added tokens begins with a space.
    /// </summary>
    /// <param name="vocabulary">The tokens, of which text becomes the normal ones.</param>
    /// <param name="addsPrefix">Whether such a space is added.</param>
    /// <param name="affixes">What goes around a text.</param>
    public static TokenizerParts Read(GgufVocabulary vocabulary, bool addsPrefix, SpecialAffixes affixes)
    {
        Dictionary<string, int> all = vocabulary.Ids(static _ => true);
        Dictionary<string, int> text = vocabulary.Ids(static kind => kind == PieceKind.Normal);
        UnknownTokens unknowns = new(all, fallsBackToBytes: true, vocabulary.Id(GgufVocabulary.UnknownKey), isFused: true);
        Normalizer spaces = new ReplaceNormalizer(new LiteralMatcher(" "), Sign);
        return new TokenizerParts
        {
            Vocabulary = all,
            Added = [.. vocabulary.Added],
            NormalizesAdded = false,
            Normalizer = addsPrefix ? new NormalizerSequence([new PrependNormalizer(Sign), spaces]) : spaces,
            Model = new BpeModel(new BpeParts(
                text, ScoredPieces.Merges(text, vocabulary.Scores), IgnoresMerges: false, ReadsBytes: false, unknowns)),
            Affixes = affixes,
            Decoder = Decoder(addsPrefix),
        };
    }

    /// <summary>The tokenizer of a vocabulary, without what normalises text.</summary>
    private static TokenizerParts Build(Vocabulary vocabulary, bool isUnigram, bool fallsBackToBytes)
    {
        UnknownTokens unknowns = new(vocabulary.All, fallsBackToBytes, vocabulary.Unknown, isFused: true);
        SubwordModel subwords = isUnigram
            ? new UnigramModel(vocabulary.Text, [.. vocabulary.Scores.Select(score => (double)score)], unknowns)
            : new BpeModel(new BpeParts(
                vocabulary.Text, ScoredPieces.Merges(vocabulary.Text, vocabulary.Scores),
                IgnoresMerges: false, ReadsBytes: false, unknowns));
        return new TokenizerParts
        {
            Vocabulary = vocabulary.All,
            Added = vocabulary.Added,
            NormalizesAdded = false,
            Model = subwords,
            Decoder = [],
        };
    }

    private static NormalizerSequence Normalizer(SentencePieceModel model, TokenizerConfig config)
    {
        List<Normalizer> steps = [];
        if (model.RemovesExtraSpaces)
            steps.Add(new ExtraSpacesNormalizer());
        if (model.AddsPrefix && config.IsLegacy)
            steps.Add(new PrependNormalizer(Sign));
        steps.Add(new ReplaceNormalizer(new LiteralMatcher(" "), Sign));
        return new NormalizerSequence(steps);
    }

    private static IReadOnlyList<DecoderStep> Decoder(bool dropsPrefix) =>
    [
        DecoderStep.Replace(new LiteralMatcher(Sign), " "),
        DecoderStep.ByteFallback,
        .. dropsPrefix ? (DecoderStep[])[DecoderStep.Strip(" ", 1, 0, ofWhole: true)] : [],
    ];

    /// <summary>Puts the sign for a space where the user's text begins, also in front of a space.</summary>
    private sealed class PrefixStep : IPreTokenizer
    {
        public void Apply(TextPieces pieces) => pieces.Rewrite((piece, isAtStart, written) =>
        {
            if (isAtStart)
                written.AddRange(Sign);
            written.AddRange(piece);
        });
    }

    /// <summary>A vocabulary by the kinds of its pieces.</summary>
    private sealed class Vocabulary
    {
        public Vocabulary(IReadOnlyList<Piece> pieces, Func<string, string, Storage.NeuralinkException> refuse)
        {
            Scores = [.. pieces.Select(piece => piece.Score)];
            for (int id = 0; id < pieces.Count; id++)
                Add(id, pieces[id], refuse);
            if (Text.Count == 0)
                throw refuse("pieces that text can become", "none");
        }

        /// <summary>Every piece and its id.</summary>
        public Dictionary<string, int> All { get; } = new(StringComparer.Ordinal);

        /// <summary>The pieces that text becomes.</summary>
        public Dictionary<string, int> Text { get; } = new(StringComparer.Ordinal);

        /// <summary>The pieces that text is searched for.</summary>
        public List<AddedToken> Added { get; } = [];

        public float[] Scores { get; }

        public int? Unknown { get; private set; }

        public int? ControlOf(string content) => Added.Find(token => token.Content == content && token.IsSpecial)?.Id;

        private void Add(int id, Piece piece, Func<string, string, Storage.NeuralinkException> refuse)
        {
            if (piece.Text.Length == 0)
                throw refuse("pieces that are not empty", $"piece {id}, which is");
            if (!All.TryAdd(piece.Text, id))
                throw refuse("each piece once", $"\"{piece.Text}\" a second time, as piece {id}");
            switch (piece.Kind)
            {
                case PieceKind.Normal:
                    Text.Add(piece.Text, id);
                    break;
                case PieceKind.Unknown:
                    Unknown = id;
                    Added.Add(new AddedToken(id, piece.Text) { IsSpecial = true });
                    break;
                case PieceKind.Control:
                    Added.Add(new AddedToken(id, piece.Text) { IsSpecial = true });
                    break;
                case PieceKind.UserDefined:
                    Added.Add(new AddedToken(id, piece.Text) { IsNormalized = true });
                    break;
                case PieceKind.Byte:
                    break;
                default:
                    throw refuse("pieces in use", $"piece {id} of kind {piece.Kind}");
            }
        }
    }
}
