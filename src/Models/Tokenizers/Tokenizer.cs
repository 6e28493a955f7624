using System.Buffers;
using System.Text;
using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Text to token ids and back, by a Hugging Face tokenizer.json with a byte-level BPE vocabulary as GPT-2, OPT and Llama-3
/// have it. Encoding loses nothing but unpaired surrogates, which become U+FFFD as they do in UTF-8; it takes time linear in
/// the text for a given longest word, and O(n log n) in that.
/// Thread safety: every member, from any thread.
/// </summary>
public sealed class Tokenizer
{
    private readonly BpeModel _model;
    private readonly TokenTable _table;
    private readonly AddedTokenSplitter _verbatim;
    private readonly AddedTokenSplitter _normalized;
    private readonly PreTokenizer _preTokenizer;
    private readonly SpecialAffixes _affixes;

    internal Tokenizer(
        BpeModel model, TokenTable table, IReadOnlyList<AddedToken> added, PreTokenizer preTokenizer, SpecialAffixes affixes)
    {
        _model = model;
        _table = table;
        _verbatim = new AddedTokenSplitter(added.Where(token => !token.IsNormalized));
        _normalized = new AddedTokenSplitter(added.Where(token => token.IsNormalized));
        _preTokenizer = preTokenizer;
        _affixes = affixes;
    }

    /// <summary>The highest token id and one. A model's own vocabulary may be padded beyond it.</summary>
    public int VocabularySize => _table.Size;

    /// <summary>Loads the tokenizer.json at <paramref name="path"/>.</summary>
    /// <exception cref="NeuralinkException">
    /// The file cannot be read, is malformed, contradicts itself, or uses what is not supported: the message names the
    /// place, what is supported and what was found.
    /// </exception>
    public static Tokenizer Load(string path) => TokenizerFile.Read(path);

    /// <summary>
    /// The token ids of <paramref name="text"/>. Added tokens written out in it ("&lt;|endoftext|&gt;") are recognised.
    /// </summary>
    /// <param name="text">Any text, also empty.</param>
    /// <param name="addSpecialTokens">Put around it what the file asks for, such as a token that begins a text.</param>
    /// <exception cref="NeuralinkException">The vocabulary lacks a byte of the text; complete ones never do.</exception>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        List<int> tokens = [];
        if (addSpecialTokens)
        {
            tokens.AddRange(_affixes.Prefix);
        }

        List<(int? Id, Range Range)> pieces = [];
        _verbatim.Cut(text, .., pieces);
        foreach ((int? id, Range range) in pieces)
        {
            if (id is int token)
            {
                tokens.Add(token);
            }
            else
            {
                EncodeBetween(text, range, tokens);
            }
        }

        if (addSpecialTokens)
        {
            tokens.AddRange(_affixes.Suffix);
        }

        return [.. tokens];
    }

    /// <summary>
    /// The text of <paramref name="ids"/>. Bytes that are no UTF-8 become U+FFFD. An id that no token has stands for no text:
    /// models pad their vocabularies, and may sample from the padding.
    /// </summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        ArrayBufferWriter<byte> bytes = new();
        foreach (int id in ids)
        {
            bytes.Write(BytesOf(id, skipSpecialTokens));
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>The id of <paramref name="token"/>, spelt as the file spells it ('Ġ' for a leading space), or null.</summary>
    public int? IdOf(string token) => _table.IdOf(token);

    /// <summary>The token of <paramref name="id"/>, spelt as the file spells it, or null where no token has it.</summary>
    public string? TokenOf(int id) => _table.TokenOf(id);

    /// <summary>Whether <paramref name="id"/> is a special token, one that controls the model and is no text.</summary>
    public bool IsSpecial(int id) => _table.IsSpecial(id);

    internal ReadOnlySpan<byte> BytesOf(int id, bool skipSpecialTokens) =>
        skipSpecialTokens && _table.IsSpecial(id) ? default : _table.BytesOf(id);

    private void EncodeBetween(string text, Range part, List<int> tokens)
    {
        List<(int? Id, Range Range)> pieces = [];
        _normalized.Cut(text, part, pieces);
        foreach ((int? id, Range range) in pieces)
        {
            if (id is int token)
            {
                tokens.Add(token);
            }
            else
            {
                _preTokenizer.Encode(text.AsSpan(range), _model, tokens);
            }
        }
    }
}
