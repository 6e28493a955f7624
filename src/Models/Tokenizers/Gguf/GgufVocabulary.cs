using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.Json;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Tokenizers.Gguf;

/// <summary>What a GGUF file says about its tokens: the lists, checked against each other, and the ids of the special ones.</summary>
internal sealed class GgufVocabulary
{
    /// <summary>What every key of a tokenizer begins with.</summary>
    public const string Prefix = "tokenizer.";

    public const string ModelKey = Prefix + "ggml.model";
    public const string PreKey = Prefix + "ggml.pre";
    public const string TokensKey = Prefix + "ggml.tokens";
    public const string TypesKey = Prefix + "ggml.token_type";
    public const string ScoresKey = Prefix + "ggml.scores";
    public const string MergesKey = Prefix + "ggml.merges";
    public const string BosKey = Prefix + "ggml.bos_token_id";
    public const string EosKey = Prefix + "ggml.eos_token_id";
    public const string EotKey = Prefix + "ggml.eot_token_id";
    public const string UnknownKey = Prefix + "ggml.unknown_token_id";
    public const string PaddingKey = Prefix + "ggml.padding_token_id";
    public const string ChatTemplateKey = Prefix + "chat_template";
    public const string AddsBosKey = Prefix + "ggml.add_bos_token";
    public const string AddsEosKey = Prefix + "ggml.add_eos_token";
    public const string AddsSpaceKey = Prefix + "ggml.add_space_prefix";

    // The keys that llama.cpp ends a text by, beside the tokens that it knows by name.
    private static readonly string[] s_endKeys = [EosKey, EotKey, Prefix + "ggml.eom_token_id"];

    private static readonly (string Part, string Key)[] s_parts =
        [("bos_token", BosKey), ("eos_token", EosKey), ("unk_token", UnknownKey), ("pad_token", PaddingKey)];

    /// <summary>Tokens that end a turn or a text in every model that has them, whatever the keys say; llama.cpp knows them too.</summary>
    private static readonly HashSet<string> s_endTokens = new(
        ["<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>", "<EOT>", "_<EOT>", "<|end_of_text|>"],
        StringComparer.Ordinal);

    private readonly GgufMetadata _metadata;

    /// <exception cref="NeuralinkException">There are no tokens, or the lists contradict each other.</exception>
    public GgufVocabulary(GgufMetadata metadata)
    {
        _metadata = metadata;
        Kind = metadata.RequireText(ModelKey);
        Tokens = metadata.Texts(TokensKey) ?? throw metadata.Missing(TokensKey);
        if (Tokens.Count is 0 or > VocabularyReader.TokensMax)
            throw metadata.Refuse(TokensKey, $"1 to {VocabularyReader.TokensMax} tokens", $"{Tokens.Count}");
        Kinds = [.. metadata.Integers(TypesKey)?.Select(KindOf) ?? Enumerable.Repeat(PieceKind.Normal, Tokens.Count)];
        Scores = [.. metadata.Numbers(ScoresKey) ?? new float[Tokens.Count]];
        CheckLength(TypesKey, Kinds.Length);
        CheckLength(ScoresKey, Scores.Length);
        if (Array.Exists(Scores, score => !float.IsFinite(score)))
            throw metadata.Refuse(ScoresKey, "finite scores", "one that is not");
        foreach (string key in s_endKeys.Append(BosKey).Append(UnknownKey))
            Id(key);
    }

    /// <summary>The kind of tokenizer, as llama.cpp names it.</summary>
    public string Kind { get; }

    /// <summary>The tokens by id, as the file spells them.</summary>
    public IReadOnlyList<string> Tokens { get; }

    public PieceKind[] Kinds { get; }

    /// <summary>By id; zeros where the file has none.</summary>
    public float[] Scores { get; }

    /// <summary>The token that begins a text, or null.</summary>
    public int? Bos => Id(BosKey);

    public int? Eos => Id(EosKey);

    /// <summary>The tokens that have a part to play, by their part, as chat templates name them.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens => s_parts
        .Where(part => _metadata.Integer(part.Key) is >= 0 and var id && id < Tokens.Count)
        .ToDictionary(part => part.Part, part => Tokens[_metadata.RequireInteger(part.Key)], StringComparer.Ordinal);

    /// <summary>Every token that ends a text: those that the keys name, and those that every model means so.</summary>
    public int[] EndTokens =>
    [
        .. s_endKeys.Select(Id).OfType<int>()
            .Concat(Enumerable.Range(0, Tokens.Count).Where(id => s_endTokens.Contains(Tokens[id]) && Kinds[id] != PieceKind.Normal))
            .Distinct(),
    ];

    /// <summary>The tokens that text is searched for: control tokens, and words that were added.</summary>
    public IEnumerable<AddedToken> Added => Enumerable.Range(0, Tokens.Count)
        .Where(id => Tokens[id].Length > 0 && Kinds[id] is PieceKind.Control or PieceKind.Unknown or PieceKind.UserDefined)
        .Select(id => new AddedToken(id, Tokens[id]) { IsSpecial = Kinds[id] != PieceKind.UserDefined });

    /// <summary>What goes around a text.</summary>
    /// <param name="addsBos">Whether the kind begins a text with a token unless told otherwise.</param>
    public SpecialAffixes Affixes(bool addsBos) => new(
        _metadata.Flag(AddsBosKey) ?? addsBos ? [Bos ?? throw _metadata.Missing(BosKey)] : [],
        _metadata.Flag(AddsEosKey) ?? false ? [Eos ?? throw _metadata.Missing(EosKey)] : []);

    /// <summary>The ids of those tokens that <paramref name="isMeant"/> takes; a token without text can be no other's text.</summary>
    public Dictionary<string, int> Ids(Func<PieceKind, bool> isMeant)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < Tokens.Count; id++)
        {
            if (Tokens[id].Length > 0 && isMeant(Kinds[id]) && !ids.TryAdd(Tokens[id], id))
                throw _metadata.Refuse(TokensKey, "each token once", $"\"{Tokens[id]}\" as {ids[Tokens[id]]} and as {id}");
        }
        return ids.Count > 0 ? ids : throw _metadata.Refuse(TokensKey, "tokens that a text can become", "none");
    }

    /// <summary>The id that a key names, or null where the key is not there.</summary>
    public int? Id(string key) => _metadata.Integer(key) switch
    {
        null => null,
        >= 0 and var id when id < Tokens.Count => id,
        var id => throw _metadata.Refuse(key, $"a token of 0 to {Tokens.Count - 1}", $"{id}"),
    };

    private PieceKind KindOf(int number) => number switch
    {
        0 => PieceKind.Normal,          // converters of the first months knew no kinds
        >= (int)PieceKind.Normal and <= (int)PieceKind.Byte => (PieceKind)number,
        _ => throw _metadata.Refuse(TypesKey, "types of 0 to 6", $"{number}"),
    };

    private void CheckLength(string key, int length)
    {
        if (length != Tokens.Count)
            throw _metadata.Refuse(key, $"as long as {TokensKey}, {Tokens.Count}", $"{length}");
    }
}
