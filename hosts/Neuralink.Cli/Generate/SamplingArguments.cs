using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Sampling;

namespace Neuralink.Cli.Generate;

/// <summary>How tokens are chosen: the options of all commands that generate. Defaults are the sampler's own.</summary>
internal sealed class SamplingArguments
{
    private static readonly SamplingOptions s_sampling = new();

    private readonly Option<float?> _temperature = TypedOption.Of<float>(
        ["--temperature"], "T", $"Divides the logits; 0 takes the most probable token always [default: {s_sampling.Temperature}]",
        "a number", ValueReaders.Number);

    private readonly Option<int?> _topK = TypedOption.Of<int>(
        ["--top-k"], "K", $"Choose among the K most probable tokens; 0 is off [default: {s_sampling.TopK}]", "an integer",
        ValueReaders.Integer);

    private readonly Option<float?> _topP = TypedOption.Of<float>(
        ["--top-p"], "P", $"Choose among the fewest tokens whose probabilities sum to P; 1 is off [default: {s_sampling.TopP}]", "a number",
        ValueReaders.Number);

    private readonly Option<float?> _minP = TypedOption.Of<float>(
        ["--min-p"], "P", $"Choose among tokens at least P times as probable as the first; 0 is off [default: {s_sampling.MinP}]",
        "a number", ValueReaders.Number);

    private readonly Option<float?> _repeatPenalty = TypedOption.Of<float>(
        ["--repeat-penalty"], "R",
        $"Makes the last {s_sampling.RepeatLastN} tokens less probable; 1 is off [default: {s_sampling.RepeatPenalty}]", "a number",
        ValueReaders.Number);

    private readonly Option<ulong?> _seed =
        CommonOptions.Seed("Of the random numbers: the same seed gives the same text [default: random, and printed]", "SEED");

    public IEnumerable<Option> All => [_temperature, _topK, _topP, _minP, _repeatPenalty, _seed];

    /// <exception cref="UsageException">One is out of its range.</exception>
    public SamplingOptions Bind(ParseResult parsed, Surroundings surroundings)
    {
        SamplingOptions options = new()
        {
            Temperature = parsed.GetValue(_temperature) ?? s_sampling.Temperature,
            TopK = parsed.GetValue(_topK) ?? s_sampling.TopK,
            TopP = parsed.GetValue(_topP) ?? s_sampling.TopP,
            MinP = parsed.GetValue(_minP) ?? s_sampling.MinP,
            RepeatPenalty = parsed.GetValue(_repeatPenalty) ?? s_sampling.RepeatPenalty,
            Seed = parsed.GetValue(_seed) ?? surroundings.NewSeed(),
        };
        CommonOptions.Check(options.Validate);
        return options;
    }
}
