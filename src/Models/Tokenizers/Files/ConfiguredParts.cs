using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers.Files;

/// <summary>
/// Applies what tokenizer_config.json says to a tokenizer, as transformers does:
/// <list type="bullet">
/// <item>A special token that it names, or a token that it lists, is one that text is searched for. One that the tokenizer has already
/// stays as it is there.</item>
/// <item>Where it says add_bos_token or add_eos_token, these two decide alone what goes around a text, and the tokenizer's own
/// post-processor does nothing: so a token that both ask for is there once, and one that add_bos_token denies is not. transformers 4 did so
/// for Llama's tokenizers and those it made itself of vocab.json or tokenizer.model, transformers 5 does so for all; for the others 4
/// passed the two keys over, and OPT's prompts went without their first token.</item>
/// <item>Llama's tokenizers begin a text with the first token unless told otherwise, also where neither key is there.</item>
/// <item>Without both, in all others, the tokenizer's own post-processor stands.</item>
/// <item>add_prefix_space counts where the pre-tokenizer is one ByteLevel step; elsewhere tokenizer.json has it already.</item>
/// </list>
/// </summary>
internal static class ConfiguredParts
{
    /// <exception cref="NeuralinkException">The two contradict each other.</exception>
    public static TokenizerParts Apply(TokenizerParts parts, TokenizerConfig config)
    {
        List<AddedToken> added = [.. parts.Added];
        AddedIds ids = new(parts.Vocabulary, added);
        foreach (AddedToken token in config.Placed)
        {
            int id = ids.Add(token.Content, added, token);
            if (id != token.Id)
            {
                throw new NeuralinkException(
                    $"read {config.Path}", $"the token \"{token.Content}\" with id {id}, as the tokenizer has it or would add it",
                    $"id {token.Id}", "the files belong to different tokenizers");
            }
        }
        foreach (AddedToken token in config.Named)
            ids.Add(token.Content, added, token);
        return parts with { Added = added, Affixes = Affixes(parts, config, ids), PreTokenizers = PrefixSpace(parts, config) };
    }

    private static SpecialAffixes Affixes(TokenizerParts parts, TokenizerConfig config, AddedIds ids)
    {
        if (config.AddsBos is null && config.AddsEos is null && !config.IsLlama)
            return parts.Affixes;
        string? bos = config.Bos ?? (config.IsLlama ? "<s>" : null), eos = config.Eos ?? (config.IsLlama ? "</s>" : null);
        if (config.AddsBos is null && config.AddsEos is null && (bos is null || ids.Find(bos) is null))
            return parts.Affixes;                                     // nothing says that there is such a token
        return new SpecialAffixes(
            config.AddsBos ?? config.IsLlama ? [Require(config, ids, bos, "bos_token")] : [],
            config.AddsEos ?? false ? [Require(config, ids, eos, "eos_token")] : []);
    }

    private static int Require(TokenizerConfig config, AddedIds ids, string? content, string key) =>
        content is not null && ids.Find(content) is { } id
            ? id
            : throw new NeuralinkException(
                $"read {config.Path}", $"{key} to be a token, as add_{key} is true",
                content is null ? "no such field" : $"\"{content}\", which the tokenizer does not have",
                $"name the token, or let add_{key} be false");

    private static IReadOnlyList<IPreTokenizer> PrefixSpace(TokenizerParts parts, TokenizerConfig config) =>
        config.AddsPrefixSpace is { } adds && parts.PreTokenizers is [ByteLevelStep step]
            ? [step.With(addsPrefixSpace: adds)]
            : parts.PreTokenizers;

    /// <summary>The ids of a tokenizer to which tokens are added: a new one gets the next.</summary>
    private sealed class AddedIds(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<AddedToken> added)
    {
        private readonly Dictionary<string, int> _added =
            added.ToDictionary(token => token.Content, token => token.Id, StringComparer.Ordinal);
        private int _next = Math.Max(vocabulary.Count, added.Select(token => token.Id + 1).DefaultIfEmpty(0).Max());

        public int? Find(string content) =>
            _added.TryGetValue(content, out int id) || vocabulary.TryGetValue(content, out id) ? id : null;

        /// <summary>Puts the token behind the others, unless it is among them; returns its id.</summary>
        public int Add(string content, List<AddedToken> tokens, AddedToken token)
        {
            if (_added.TryGetValue(content, out int known))
                return known;
            int id = vocabulary.TryGetValue(content, out int inVocabulary) ? inVocabulary : _next++;
            _added.Add(content, id);
            tokens.Add(token with { Id = id });
            return id;
        }
    }
}
