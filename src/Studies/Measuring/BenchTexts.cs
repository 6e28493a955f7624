using Neuralink.Models.Sampling;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Studies.Measuring;

/// <summary>
/// The texts of a bench, by number: the same number is the same text, whoever runs it. Prompts are tokens drawn by chance, as
/// llama-bench's are, or cut from a text. What is generated is sampled with a seed of that number: the most probable tokens of a small
/// model run in circles, and a cache likes that.
/// </summary>
/// <param name="tokenizer">The model's.</param>
/// <param name="vocabularySize">Rows of its embedding.</param>
/// <param name="source">What prompts are cut from, or null.</param>
internal sealed class BenchTexts(Tokenizer tokenizer, int vocabularySize, BenchSource? source)
{
    private readonly int[] _begin = [.. tokenizer.Encode("").Take(1)];
    private readonly int _ids = Math.Min(vocabularySize, tokenizer.VocabularySize);
    private readonly int[]? _source = source is null ? null : tokenizer.Encode(source.Text, addSpecialTokens: false);

    /// <summary>What is asked for in a test.</summary>
    /// <param name="test">The test.</param>
    /// <param name="number">Which text, 0 or more.</param>
    /// <exception cref="NeuralinkException">The text that prompts are cut from is shorter than one.</exception>
    public GenerationRequest Request(BenchTest test, int number) => new()
    {
        Prompt = PromptOf(test.GivenTokens, number),
        MaxTokens = test.WantedTokens,
        Sampling = new SamplingOptions { Seed = (ulong)number },
        IgnoreEndTokens = true,
    };

    private int[] PromptOf(int length, int number)
    {
        int[] begin = _begin[..Math.Min(_begin.Length, length)];      // as the model was trained to begin
        int rest = length - begin.Length;
        if (_source is null)
        {
            Random random = new(number);
            return [.. begin, .. Enumerable.Range(0, rest).Select(_ => random.Next(_ids))];
        }
        if (_source.Length < rest)
        {
            throw new NeuralinkException(
                $"cut prompts from {source!.Name}", $"at least {rest} tokens", $"{_source.Length}", "give a longer text or a smaller -p");
        }
        int at = (int)((long)number * length % (_source.Length - rest + 1));
        return [.. begin, .. _source.AsSpan(at, rest)];
    }
}

/// <summary>A text that prompts are cut from.</summary>
/// <param name="Name">Where it is from, for messages.</param>
/// <param name="Text">The text.</param>
public sealed record BenchSource(string Name, string Text);
