namespace Neuralink.Models.Tokenizers;

/// <summary>Every token by id: its text, and whether it is special. Thread safety: immutable.</summary>
internal sealed class TokenTable
{
    private readonly Dictionary<string, int> _ids;
    private readonly string?[] _tokens;
    private readonly bool[] _special;
    private readonly Dictionary<int, int> _stated;

    public TokenTable(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<AddedToken> added)
    {
        _ids = new Dictionary<string, int>(vocabulary, StringComparer.Ordinal);
        int size = 1 + Math.Max(vocabulary.Values.Max(), added.Select(token => token.Id).DefaultIfEmpty(0).Max());
        _tokens = new string?[size];
        _special = new bool[size];
        foreach ((string token, int id) in vocabulary)
            _tokens[id] = token;
        _stated = added.Where(token => token.StatedId is not null).ToDictionary(token => token.Id, token => token.StatedId!.Value);
        foreach (AddedToken token in added)
        {
            _ids[token.Content] = token.Id;
            _tokens[token.Id] = token.Content;
            _special[token.Id] = token.IsSpecial;
        }
    }

    /// <summary>The highest id and one.</summary>
    public int Size => _tokens.Length;

    public bool Has(int id) => TokenOf(id) is not null;

    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    public int? IdOf(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>The id that the file states for the token of <paramref name="id"/>; mostly the same.</summary>
    public int StatedIdOf(int id) => _stated.GetValueOrDefault(id, id);

    public bool IsSpecial(int id) => (uint)id < (uint)_special.Length && _special[id];
}
