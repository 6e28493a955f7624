using Neuralink.Cli.Terminal;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Cli.Quality;

/// <summary>The texts to score, as tokens.</summary>
/// <param name="Tokens">Of each text, at least two.</param>
/// <param name="Names">The files, for people.</param>
internal sealed record PerplexityTexts(IReadOnlyList<int[]> Tokens, string Names)
{
    /// <exception cref="NeuralinkException">A file cannot be read, or has no token that follows another.</exception>
    public static async Task<PerplexityTexts> ReadAsync(PerplexitySettings settings, Tokenizer tokenizer, CancellationToken cancellation)
    {
        List<int[]> texts = [];
        foreach (string path in settings.Texts)
        {
            int[] tokens = tokenizer.Encode(await Utf8Text.ReadFileAsync(path, $"read {path}", cancellation));
            if (settings.TokensMax < tokens.Length)
                tokens = tokens[..settings.TokensMax.Value];
            if (tokens.Length < 2)
            {
                throw new NeuralinkException(
                    $"score {path}", "at least 2 tokens: the first predicts the second", $"{tokens.Length}",
                    settings.TokensMax < 2 ? "give a larger --tokens" : "give a longer text");
            }
            texts.Add(tokens);
        }
        return new PerplexityTexts(texts, string.Join(", ", settings.Texts.Select(Path.GetFileName)));
    }
}
