namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Every token by id: its text, the bytes it stands for, and whether it is special.
/// Thread safety: immutable.
/// </summary>
internal sealed class TokenTable
{
    private readonly Dictionary<string, int> _ids;
    private readonly string?[] _tokens;
    private readonly byte[]?[] _bytes;
    private readonly bool[] _special;

    public TokenTable(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<AddedToken> added)
    {
        _ids = new Dictionary<string, int>(vocabulary, StringComparer.Ordinal);
        int size = 1 + Math.Max(vocabulary.Values.Max(), added.Select(token => token.Id).DefaultIfEmpty(0).Max());
        _tokens = new string?[size];
        _bytes = new byte[]?[size];
        _special = new bool[size];
        foreach ((string token, int id) in vocabulary)
        {
            _tokens[id] = token;
            _bytes[id] = ByteAlphabet.BytesOf(token);
        }

        // An added token is plain text, even where its characters are also in the byte-level alphabet.
        foreach (AddedToken token in added)
        {
            _ids[token.Content] = token.Id;
            _tokens[token.Id] = token.Content;
            _bytes[token.Id] = System.Text.Encoding.UTF8.GetBytes(token.Content);
            _special[token.Id] = token.IsSpecial;
        }
    }

    /// <summary>The highest id and one.</summary>
    public int Size => _tokens.Length;

    public bool Has(int id) => TokenOf(id) is not null;

    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    public int? IdOf(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    public bool IsSpecial(int id) => (uint)id < (uint)_special.Length && _special[id];

    /// <summary>The bytes <paramref name="id"/> stands for; none where no token has it.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : default;
}
