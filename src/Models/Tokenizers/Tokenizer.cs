using System.Text;
using Neuralink.Models.Tokenizers.Decoders;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.Normalizers;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Text to token ids and back, exactly as Hugging Face's tokenizers do it. Encoding takes time linear in the text for a given longest
/// word, and O(n log n) in that. Thread safety: every member, from any thread.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerParts _parts;
    private readonly TokenTable _table;
    private readonly AddedTokenSplitter _verbatim;
    private readonly AddedTokenSplitter _normalized;

    internal Tokenizer(TokenizerParts parts)
    {
        _parts = parts;
        _table = new TokenTable(parts.Vocabulary, parts.Added);
        _verbatim = new AddedTokenSplitter(parts.Added
            .Where(token => !token.IsNormalized).Select(token => (token.Content, token)));
        Normalizer? normalizer = parts.NormalizesAdded ? parts.Normalizer : null;
        _normalized = new AddedTokenSplitter(parts.Added.Where(token => token.IsNormalized)
            .Select(token => (normalizer?.Normalize(token.Content) ?? token.Content, token)).Where(pair => pair.Item1.Length > 0));
    }

    /// <summary>What it is made of.</summary>
    internal TokenizerParts Parts => _parts;

    /// <summary>The highest token id and one. A model's own vocabulary may be padded beyond it.</summary>
    public int VocabularySize => _table.Size;

    /// <summary>The highest id of a token that any text can become, and one: without the added ones, which a text has to name.</summary>
    public int TextVocabularySize => 1 + _parts.Vocabulary.Values.Max();

    /// <summary>Loads a tokenizer.</summary>
    /// <param name="path">A tokenizer.json, which is read by itself, or a folder with the files of a tokenizer.</param>
    /// <exception cref="NeuralinkException">
    /// A file cannot be read, is malformed, contradicts itself or another, or uses what is not supported: the message names the file, the
    /// place, what is supported and what was found.
    /// </exception>
    public static Tokenizer Load(string path) => new(TokenizerFiles.Read(path));

    /// <summary>
    /// The token ids of <paramref name="text"/>. Added tokens written out in it ("&lt;|endoftext|&gt;") are recognised.
    /// </summary>
    /// <param name="text">Any text, also empty. Halves of surrogate pairs become U+FFFD, as they do in UTF-8.</param>
    /// <param name="addSpecialTokens">Put around it what the model asks for, such as a token that begins a text.</param>
    /// <exception cref="NeuralinkException">The vocabulary lacks a part of the text; complete ones never do.</exception>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        text = WellFormed(text);
        List<int> tokens = [];
        if (addSpecialTokens)
            tokens.AddRange(_parts.Affixes.Prefix);
        List<(int? Id, Range Range)> pieces = [];
        _verbatim.Cut(text, pieces);
        foreach ((int? id, Range range) in pieces)
        {
            if (id is { } token)
                tokens.Add(token);
            else
                EncodeBetween(text[range], range.Start.Value == 0, tokens);
        }
        if (addSpecialTokens)
            tokens.AddRange(_parts.Affixes.Suffix);
        return [.. tokens];
    }

    /// <summary>
    /// The text of <paramref name="ids"/>. Bytes that are no UTF-8 become U+FFFD. An id that no token has stands for no text:
    /// models pad their vocabularies, and may sample from the padding.
    /// </summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        DecoderChain chain = new(_parts.Decoder, isStream: false);
        foreach (int id in ids)
        {
            if (Shown(id, skipSpecialTokens) is { } token)
                chain.Take(token);
        }
        return chain.End();
    }

    /// <summary>The id of <paramref name="token"/>, spelt as the file spells it ('Ġ' for a leading space), or null.</summary>
    public int? IdOf(string token) => _table.IdOf(token);

    /// <summary>The token of <paramref name="id"/>, spelt as the file spells it, or null where no token has it.</summary>
    public string? TokenOf(int id) => _table.TokenOf(id);

    /// <summary>Whether <paramref name="id"/> is a special token, one that controls the model and is no text.</summary>
    public bool IsSpecial(int id) => _table.IsSpecial(id);

    /// <summary>Checks that a model has an embedding for each of <paramref name="ids"/>.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="rows">The rows of the model's embedding.</param>
    /// <exception cref="NeuralinkException">It lacks one; the message names the token.</exception>
    public void RequireRows(ReadOnlySpan<int> ids, int rows)
    {
        foreach (int id in ids)
        {
            int stated = _table.StatedIdOf(id);
            if ((uint)id >= (uint)rows || stated >= rows)
            {
                string token = TokenOf(id) is { } text ? $"the token {text} with id {stated}" : $"the id {id}";
                throw new NeuralinkException(
                    "start the text", $"tokens with ids of 0 to {rows - 1}, which the model has embeddings for", token,
                    "the tokenizer has more tokens than the model was made for; leave this one out of the text");
            }
        }
    }

    internal DecoderChain NewStream() => new(_parts.Decoder, isStream: true);

    /// <summary>The token of <paramref name="id"/> if it has one that is shown.</summary>
    internal string? Shown(int id, bool skipSpecialTokens) => skipSpecialTokens && IsSpecial(id) ? null : TokenOf(id);

    private void EncodeBetween(string text, bool isAtStart, List<int> tokens)
    {
        text = _parts.Normalizer?.Normalize(text) ?? text;
        List<(int? Id, Range Range)> pieces = [];
        _normalized.Cut(text, pieces);
        foreach ((int? id, Range range) in pieces)
        {
            if (id is { } token)
            {
                tokens.Add(token);
                continue;
            }
            TextPieces words = new(text[range], isAtStart && range.Start.Value == 0);
            foreach (IPreTokenizer step in _parts.PreTokenizers)
                step.Apply(words);
            foreach (Range word in words.Ranges)
                _parts.Model.Encode(words.Text.Span[word], tokens);
        }
    }

    private static string WellFormed(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            return text;
        StringBuilder runes = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            runes.Append(rune);
        return runes.ToString();
    }
}
