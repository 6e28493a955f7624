using Neuralink.Storage;

namespace Neuralink.Models.Sampling;

/// <summary>
/// How the next token is chosen. The defaults are llama.cpp's (common_params_sampling, common/common.h), so that outputs of
/// the two are comparable.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>The most probable token always: the same text every time.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits; 0 takes the most probable token. Range 0 and up, default 0.8.</summary>
    public float Temperature { get; init; } = 0.8f;

    /// <summary>Keeps this many most probable tokens (Fan et al. 2018); 0 keeps all. Range 0 and up, default 40.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>
    /// Keeps the fewest most probable tokens whose probabilities sum to this (Holtzman et al. 2020); 1 keeps all.
    /// Range 0 to 1, default 0.95.
    /// </summary>
    public float TopP { get; init; } = 0.95f;

    /// <summary>
    /// Keeps tokens at least this share as probable as the most probable one (Nguyen et al. 2024); 0 keeps all.
    /// Range 0 to 1, default 0.05.
    /// </summary>
    public float MinP { get; init; } = 0.05f;

    /// <summary>
    /// Divides positive and multiplies negative logits of recent tokens (Keskar et al. 2019); 1 is off. Range above 0,
    /// default 1.
    /// </summary>
    public float RepeatPenalty { get; init; } = 1;

    /// <summary>
    /// Taken off a recent token's logit for each time that it is there (OpenAI's frequency_penalty); 0 is off. Range -2 to 2, default 0.
    /// </summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>
    /// Taken off a recent token's logit, however often it is there (OpenAI's presence_penalty); 0 is off. Range -2 to 2, default 0.
    /// </summary>
    public float PresencePenalty { get; init; }

    /// <summary>How many of the latest tokens count as recent for the three penalties; 0 none. Range 0 and up, default 64.</summary>
    public int RepeatLastN { get; init; } = 64;

    /// <summary>
    /// Added to the logits of tokens, by id, before all else (OpenAI's logit_bias); -100 as good as bans one. Each -100 to 100, default
    /// none.
    /// </summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Of the random numbers: equal seeds and logits give equal tokens. Any value; null, the default, draws one.</summary>
    public ulong? Seed { get; init; }

    /// <exception cref="NeuralinkException">An option is out of its range: the message names it, the range and the value.</exception>
    public void Validate()
    {
        Require(float.IsFinite(Temperature) && Temperature >= 0, "temperature", "0 or more", Temperature);
        Require(TopK >= 0, "top-k", "0 or more", TopK);
        Require(TopP is >= 0 and <= 1, "top-p", "0 to 1", TopP);
        Require(MinP is >= 0 and <= 1, "min-p", "0 to 1", MinP);
        Require(float.IsFinite(RepeatPenalty) && RepeatPenalty > 0, "repeat penalty", "more than 0", RepeatPenalty);
        Require(FrequencyPenalty is >= -2 and <= 2, "frequency penalty", "-2 to 2", FrequencyPenalty);
        Require(PresencePenalty is >= -2 and <= 2, "presence penalty", "-2 to 2", PresencePenalty);
        Require(RepeatLastN >= 0, "repeat last n", "0 or more", RepeatLastN);
        foreach ((int id, float bias) in LogitBias)
            Require(bias is >= -100 and <= 100, $"logit bias of token {id}", "-100 to 100", bias);
    }

    private static void Require(bool holds, string option, string range, float value)
    {
        if (!holds)
            throw new NeuralinkException($"sample with this {option}", range, $"{value}");
    }
}
