using Neuralink.Models.Sampling;
using Neuralink.Models.Tokenizers;
using Neuralink.Server.Requests;

namespace Neuralink.Server.Generation;

/// <summary>A prompt as it comes before its answer, where a client asks for that.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Tokens">Its tokens, where probabilities were asked for: joined, their texts are <paramref name="Text"/>.</param>
internal sealed record PromptEcho(string Text, IReadOnlyList<TokenEntry> Tokens)
{
    /// <summary>Nothing is echoed.</summary>
    public static PromptEcho None { get; } = new("", []);

    /// <summary>Each prompt, with how likely each of its tokens is after those before it, if that is wanted.</summary>
    /// <param name="engine">Scores them; a prompt is run for that alone.</param>
    /// <param name="prompts">The prompts.</param>
    /// <param name="logProbs">Of how many alternatives the probabilities are wanted, or null for none at all.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<IReadOnlyList<PromptEcho>> OfAsync(
        NeuralinkEngine engine, IReadOnlyList<PromptFields.Prompt> prompts, int? logProbs, CancellationToken cancellation)
    {
        List<PromptEcho> echoes = [];
        foreach (PromptFields.Prompt prompt in prompts)
        {
            if (logProbs is { } top)
                echoes.Add(await ScoreAsync(engine, prompt.Tokens, top, cancellation));
            else
                echoes.Add(new PromptEcho(prompt.Text ?? engine.Tokenizer.Decode(prompt.Tokens, skipSpecialTokens: false), []));
        }
        return echoes;
    }

    private static async Task<PromptEcho> ScoreAsync(NeuralinkEngine engine, int[] tokens, int top, CancellationToken cancellation)
    {
        TokenLogProbs?[] found = new TokenLogProbs?[tokens.Length];      // the first token follows nothing
        LogProbReader reader = new(top, engine.Model.VocabularySize);
        if (tokens.Length > 1)
        {
            ScoreRequest request = new()
            {
                Tokens = tokens,
                ReadLogits = (index, logits) => found[index] = reader.Read(logits, tokens[index]),
            };
            await engine.ScoreAsync(request, cancellation);
        }
        StreamingDecoder decoder = new(engine.Tokenizer);
        string[] pieces = [.. tokens.Select(decoder.Append)];
        pieces[^1] += decoder.Flush();
        return new PromptEcho(string.Concat(pieces), [.. pieces.Zip(found, (piece, logProbs) => new TokenEntry(piece, logProbs))]);
    }
}
