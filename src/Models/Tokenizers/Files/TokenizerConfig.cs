using System.Text.Json;
using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Json;
using Neuralink.Storage.Json;

namespace Neuralink.Models.Tokenizers.Files;

/// <summary>
/// What tokenizer_config.json, special_tokens_map.json and added_tokens.json say about a tokenizer. Where they contradict each other, the
/// same of them counts as in transformers: special_tokens_map.json, unless tokenizer_config.json has an added_tokens_decoder.
/// </summary>
internal sealed class TokenizerConfig
{
    public const string FileName = "tokenizer_config.json";
    public const string SpecialTokensFileName = "special_tokens_map.json";
    public const string AddedTokensFileName = "added_tokens.json";

    private const long FileBytesMax = 64L << 20;

    /// <summary>The keys of tokens with a part to play, in the order in which transformers adds them.</summary>
    private static readonly string[] s_roles =
        ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private static readonly string[] s_lists = ["additional_special_tokens", "extra_special_tokens"];

    private readonly Dictionary<string, AddedToken> _roles = new(StringComparer.Ordinal);

    /// <summary>Roles that a file says nobody has.</summary>
    private readonly HashSet<string> _nulls = new(StringComparer.Ordinal);

    private TokenizerConfig(string path)
    {
        Path = path;
    }

    /// <summary>The file that is to blame for what it says.</summary>
    public string Path { get; }

    /// <summary>The class in transformers, without "Fast"; null where none is named.</summary>
    public string? Class { get; private set; }

    public bool IsLlama => Class is "LlamaTokenizer" or "CodeLlamaTokenizer";

    public bool? AddsBos { get; private set; }

    public bool? AddsEos { get; private set; }

    public bool? AddsPrefixSpace { get; private set; }

    /// <summary>Whether a space is put in front of text behind a special token; only of a tokenizer.model.</summary>
    public bool IsLegacy { get; private set; } = true;

    /// <summary>Tokens with the id that they must have.</summary>
    public List<AddedToken> Placed { get; } = [];

    /// <summary>Special tokens whose id is the vocabulary's, or the next free one. Their id here means nothing.</summary>
    public List<AddedToken> Named { get; } = [];

    /// <summary>The content of the token that begins a text; null where none is named.</summary>
    public string? Bos => Role("bos_token");

    /// <summary>The content of the token that ends a text.</summary>
    public string? Eos => Role("eos_token");

    /// <summary>The contents of the tokens that have a part to play, by their part, e.g. "bos_token".</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens =>
        _roles.ToDictionary(role => role.Key, role => role.Value.Content, StringComparer.Ordinal);

    /// <summary>Reads what <paramref name="folder"/> has of the files.</summary>
    /// <exception cref="Neuralink.Storage.NeuralinkException">One of them is malformed, or asks for what is not supported.</exception>
    public static TokenizerConfig Read(string folder)
    {
        string path = System.IO.Path.Combine(folder, FileName);
        TokenizerConfig config = new(path);
        bool hasDecoder = false;
        if (File.Exists(path))
            OpenUnlessEmpty(path, root => hasDecoder = config.ReadConfig(root));
        string map = System.IO.Path.Combine(folder, SpecialTokensFileName);
        if (!hasDecoder && File.Exists(map))
            OpenUnlessEmpty(map, config.ReadRoles);
        string added = System.IO.Path.Combine(folder, AddedTokensFileName);
        if (!hasDecoder && File.Exists(added))
            OpenUnlessEmpty(added, config.ReadAdded);
        config.Named.InsertRange(0, s_roles.Where(config._roles.ContainsKey).Select(role => config._roles[role]));
        return config;
    }

    /// <summary>Names a special token by its transformers class's default, for roles that no file names.</summary>
    public void NameByDefault(string content, params string[] roles)
    {
        foreach (string role in roles.Where(role => !_roles.ContainsKey(role) && !_nulls.Contains(role)))
        {
            _roles[role] = new AddedToken(0, content) { IsSpecial = true };
            Named.Add(_roles[role]);
        }
    }

    private static void OpenUnlessEmpty(string path, Action<JsonField> read)
    {
        using JsonDocument? document = JsonFile.OpenUnlessEmpty(path, FileBytesMax);
        if (document is not null)
            read(new JsonField(path, "", document.RootElement));
    }

    private bool ReadConfig(JsonField root)
    {
        TokenizerKeys.Check(root, TokenizerKeys.Config);
        string? name = root["tokenizer_class"].TextOrNull();
        Class = name?.EndsWith("Fast", StringComparison.Ordinal) == true ? name[..^"Fast".Length] : name;
        AddsBos = FlagOrNull(root["add_bos_token"]);
        AddsEos = FlagOrNull(root["add_eos_token"]);
        AddsPrefixSpace = FlagOrNull(root["add_prefix_space"]);
        IsLegacy = root["legacy"].Flag(absent: true);
        ReadRoles(root);
        JsonField decoder = root["added_tokens_decoder"];
        if (decoder.IsNull)
            return false;
        foreach ((string key, JsonField token) in decoder.Properties())
        {
            if (!int.TryParse(key, out int id) || id is < 0 or >= VocabularyReader.TokensMax)
                throw token.Refuse($"an id of 0 to {VocabularyReader.TokensMax - 1} as the key", $"\"{key}\"");
            Placed.Add(AddedTokenReader.ReadOne(token, id));
        }
        Placed.Sort((left, right) => left.Id.CompareTo(right.Id));
        return true;
    }

    private void ReadRoles(JsonField root)
    {
        foreach (string role in s_roles.Where(role => !root[role].IsAbsent))
        {
            if (root[role].IsNull)
                _nulls.Add(role);
            else
                _roles[role] = ReadSpecial(root[role]);
        }
        foreach (JsonField list in s_lists.Select(name => root[name]).Where(list => !list.IsNull))
        {
            // A list of tokens, or as transformers 5 has it, an object of names and tokens.
            IEnumerable<JsonField> tokens = list.Element.ValueKind == JsonValueKind.Object
                ? list.Properties().Select(property => property.Value)
                : list.Items();
            Named.AddRange(tokens.Select(ReadSpecial));
        }
    }

    /// <summary>The first form of the list: an object of tokens and their ids.</summary>
    private void ReadAdded(JsonField root)
    {
        foreach ((string content, JsonField id) in root.Properties().Where(property => property.Key.Length > 0))
        {
            bool isSpecial = _roles.Values.Concat(Named).Any(token => token.Content == content);
            AddedToken token = new(id.Int(VocabularyReader.TokensMax - 1), content) { IsSpecial = isSpecial, IsNormalized = !isSpecial };
            Placed.Add(token);
        }
    }

    /// <summary>A token, as its text or as an object with its properties.</summary>
    private static AddedToken ReadSpecial(JsonField field)
    {
        if (field.Element.ValueKind == JsonValueKind.String)
        {
            string content = field.Text();
            return new AddedToken(0, content.Length > 0 ? content : throw field.Refuse("a token", "an empty text")) { IsSpecial = true };
        }
        return AddedTokenReader.ReadOne(field, id: 0, isSpecial: true) with { IsSpecial = true };
    }

    private static bool? FlagOrNull(JsonField field) => field.IsNull ? null : field.Flag(absent: false);

    private string? Role(string role) => _roles.TryGetValue(role, out AddedToken? token) ? token.Content : null;
}
