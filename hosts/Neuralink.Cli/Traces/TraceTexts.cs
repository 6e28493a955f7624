using Neuralink.Cli.Terminal;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tracing;
using Neuralink.Storage;

namespace Neuralink.Cli.Traces;

/// <summary>The texts to trace, as tokens.</summary>
/// <param name="Windows">Their tokens.</param>
/// <param name="Names">Which tokens of which files, for people.</param>
internal sealed record TraceTexts(TokenWindows Windows, string Names)
{
    /// <exception cref="NeuralinkException">A file cannot be read, or has no tokens behind those to skip.</exception>
    public static async Task<TraceTexts> ReadAsync(
        TraceSettings settings, Tokenizer tokenizer, int windowTokens, CancellationToken cancellation)
    {
        List<int[]> texts = [];
        List<string> names = [];
        foreach (string path in settings.Texts)
        {
            int[] tokens = tokenizer.Encode(await Utf8Text.ReadFileAsync(path, $"read {path}", cancellation));
            if (tokens.Length <= settings.SkipTokens)
            {
                throw new NeuralinkException(
                    $"trace {path}", $"more than {settings.SkipTokens} tokens", $"{tokens.Length}",
                    settings.SkipTokens == 0 ? "give a text that is not empty" : "give a longer text or a smaller --skip-tokens");
            }
            int[] taken = tokens[
                settings.SkipTokens..(int)Math.Min(tokens.Length, settings.SkipTokens + (long)(settings.TokensMax ?? int.MaxValue))
            ];
            texts.Add(taken);
            names.Add($"{Path.GetFileName(path)} ({taken.Length} tokens from {settings.SkipTokens})");
        }
        return new TraceTexts(TokenWindows.Cut(texts, windowTokens), string.Join(", ", names));
    }
}
