using Neuralink.Models.Json;

namespace Neuralink.Models.Tokenizers.Files;

/// <summary>
/// What becomes of every key that tokenizer.json and tokenizer_config.json carry. One that is not in the table is refused in
/// tokenizer.json, where it may mean anything; in tokenizer_config.json it is passed over, because transformers does nothing with keys
/// that its tokenizers do not know.
/// </summary>
internal static class TokenizerKeys
{
    public const string Config = "tokenizer_config.json";

    private static readonly Row[] s_rows =
    [
        Only("tokenizer.json", "version", "\"1.0\"", "null"),
        Nothing("tokenizer.json", "truncation", "a caller's choice; here the whole text is meant, as in transformers"),
        Nothing("tokenizer.json", "padding", "of batches; there is one text here"),
        .. Used("tokenizer.json", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"),
        .. Used("added token", "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"),
        Nothing("added token", "__type", "how Python wrote the object"),

        .. Used("BPE", "type", "vocab", "merges", "unk_token", "fuse_unk", "byte_fallback", "ignore_merges"),
        Only("BPE", "dropout", "null", "0", "0.0"),
        Only("BPE", "continuing_subword_prefix", "null", "\"\""),
        Only("BPE", "end_of_word_suffix", "null", "\"\""),
        .. Used("Unigram", "type", "vocab", "unk_id", "byte_fallback"),

        .. Used("normalizer Sequence", "type", "normalizers"),
        .. Used("normalizer Prepend", "type", "prepend"),
        .. Used("normalizer Replace", "type", "pattern", "content"),
        .. Used("normalizer Strip", "type", "strip_left", "strip_right"),
        .. Types("normalizer", "Lowercase", "NFC", "NFD", "NFKC", "NFKD"),

        .. Used("pre_tokenizer Sequence", "type", "pretokenizers"),
        .. Used("pre_tokenizer ByteLevel", "type", "add_prefix_space", "use_regex"),
        Nothing("pre_tokenizer ByteLevel", "trim_offsets", "of offsets, which are not made"),
        .. Used("pre_tokenizer Metaspace", "type", "replacement", "add_prefix_space", "prepend_scheme", "split"),
        Nothing("pre_tokenizer Metaspace", "str_rep", "a copy of replacement"),
        .. Used("pre_tokenizer Split", "type", "pattern", "behavior", "invert"),
        .. Used("pre_tokenizer Digits", "type", "individual_digits"),
        .. Used("pre_tokenizer Punctuation", "type", "behavior"),
        .. Used("pre_tokenizer CharDelimiterSplit", "type", "delimiter"),
        .. Types("pre_tokenizer", "Whitespace", "WhitespaceSplit"),

        .. Used("post_processor Sequence", "type", "processors"),
        .. Used("post_processor TemplateProcessing", "type", "single", "special_tokens"),
        Nothing("post_processor TemplateProcessing", "pair", "of two texts; there is one here"),
        .. Used("post_processor RobertaProcessing", "type", "sep", "cls"),
        Nothing("post_processor RobertaProcessing", "trim_offsets", "of offsets, which are not made"),
        Nothing("post_processor RobertaProcessing", "add_prefix_space", "of offsets, which are not made"),
        .. Used("post_processor BertProcessing", "type", "sep", "cls"),
        .. ByteLevelWithoutEffect("post_processor"),

        .. Used("decoder Sequence", "type", "decoders"),
        .. ByteLevelWithoutEffect("decoder"),
        .. Used("decoder Metaspace", "type", "replacement", "add_prefix_space", "prepend_scheme"),
        Nothing("decoder Metaspace", "split", "of encoding"),
        Nothing("decoder Metaspace", "str_rep", "a copy of replacement"),
        .. Used("decoder Replace", "type", "pattern", "content"),
        .. Used("decoder Strip", "type", "content", "start", "stop"),
        .. Types("decoder", "ByteFallback", "Fuse"),

        .. Used(
            Config, "tokenizer_class", "add_bos_token", "add_eos_token", "bos_token", "eos_token", "unk_token", "sep_token",
            "pad_token", "cls_token", "mask_token", "additional_special_tokens", "extra_special_tokens", "added_tokens_decoder",
            "add_prefix_space", "legacy"),
        Only(Config, "split_special_tokens", "null", "false"),
        Only(Config, "do_lower_case", "null", "false"),
        Nothing(Config, "chat_template", "of conversations, not of tokens: ChatTemplateFiles reads it"),
        Nothing(Config, "clean_up_tokenization_spaces", "spaces taken away from finished text; what is shown here is what the tokens say"),
        Nothing(Config, "spaces_between_special_tokens", "of the slow tokenizers' decoding"),
        Nothing(Config, "errors", "of bytes that are no text; they are shown as U+FFFD"),
        Nothing(Config, "model_max_length", "config.json states the context"),
        Nothing(Config, "max_length", "a caller's choice"),
        Nothing(Config, "truncation_side", "a caller's choice"),
        Nothing(Config, "truncation_strategy", "a caller's choice"),
        Nothing(Config, "stride", "a caller's choice"),
        Nothing(Config, "padding_side", "of batches"),
        Nothing(Config, "pad_to_multiple_of", "of batches"),
        Nothing(Config, "pad_token_type_id", "of batches"),
        Nothing(Config, "use_default_system_prompt", "of conversations"),
        Nothing(Config, "sp_model_kwargs", "of the SentencePiece library"),
        Nothing(Config, "use_fast", "of transformers' own two kinds"),
        Nothing(Config, "from_slow", "of transformers' own two kinds"),
        Nothing(Config, "model_input_names", "of transformers' models"),
        Nothing(Config, "processor_class", "of images and sound"),
        Nothing(Config, "auto_map", "code that is not run"),
        Nothing(Config, "trust_remote_code", "code that is not run"),
        Nothing(Config, "name_or_path", "where the file was"),
        Nothing(Config, "tokenizer_file", "where the file was"),
        Nothing(Config, "special_tokens_map_file", "where the file was"),
        Nothing(Config, "vocab_file", "where the file was"),
        Nothing(Config, "merges_file", "where the file was"),
    ];

    private static readonly Dictionary<(string, string), Row> s_byKey = s_rows.ToDictionary(row => (row.Owner, row.Key));
    private static readonly HashSet<string> s_owners = [.. s_rows.Select(row => row.Owner)];

    /// <summary>Refuses what the object has that is not known, or has a value that is not.</summary>
    /// <param name="section">The object.</param>
    /// <param name="owner">What it is in the table.</param>
    /// <exception cref="Neuralink.Storage.NeuralinkException">It has a key or a value that is not understood.</exception>
    public static void Check(JsonField section, string owner)
    {
        foreach ((string key, JsonField value) in section.Properties())
        {
            if (!s_byKey.TryGetValue((owner, key), out Row? row))
            {
                if (owner == Config)
                    continue;
                throw section.Refuse(
                    $"keys that this engine knows of {owner}", $"the key \"{key}\", which may change what tokens a text has");
            }
            else if (row.Values is { } values && !values.Contains(value.IsNull ? "null" : value.Element.GetRawText()))
            {
                throw value.Refuse($"{string.Join(" or ", values)}: {key} is not supported otherwise", value.Shown());
            }
        }
    }

    /// <summary><see cref="Check"/> for a section with a type; one whose type is not known is left to its reader to refuse.</summary>
    public static void CheckTyped(JsonField section, string kind)
    {
        string owner = $"{kind} {section.Type()}";
        if (s_owners.Contains(owner))
            Check(section, owner);
    }

    private static IEnumerable<Row> Used(string owner, params string[] keys) => keys.Select(key => new Row(owner, key, "used"));

    private static IEnumerable<Row> Types(string kind, params string[] types) => types.SelectMany(type => Used($"{kind} {type}", "type"));

    private static Row Nothing(string owner, string key, string why) => new(owner, key, why);

    private static Row Only(string owner, string key, params string[] values) =>
        new(owner, key, "refused but for these values") { Values = values };

    private static IEnumerable<Row> ByteLevelWithoutEffect(string kind) =>
    [
        .. Types(kind, "ByteLevel"),
        .. from key in (string[])["add_prefix_space", "trim_offsets", "use_regex"]
           select Nothing($"{kind} ByteLevel", key, "of encoding and of offsets"),
    ];

    /// <param name="Owner">The file or section.</param>
    /// <param name="Key">The key.</param>
    /// <param name="Fate">Used, or why it makes no difference.</param>
    private sealed record Row(string Owner, string Key, string Fate)
    {
        /// <summary>The values that are not refused, as JSON; null for all.</summary>
        public string[]? Values { get; init; }
    }
}
