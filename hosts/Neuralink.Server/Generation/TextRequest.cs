using Neuralink.Models.Sampling;
using Neuralink.Server.Errors;

namespace Neuralink.Server.Generation;

/// <summary>Texts to generate for one request of a client: for each of its prompts as many choices as it asks for.</summary>
internal sealed record TextRequest
{
    /// <summary>The tokens of each prompt; at least one prompt.</summary>
    public required IReadOnlyList<int[]> Prompts { get; init; }

    /// <summary>The parameter that the prompts come from.</summary>
    public required string Parameter { get; init; }

    /// <summary>Choices of each prompt.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>The most tokens of each choice, or null for as many as the context has room for.</summary>
    public required int? MaxTokens { get; init; }

    public required SamplingOptions Sampling { get; init; }

    public required IReadOnlyList<string> Stops { get; init; }

    public bool IgnoreEndTokens { get; init; }

    /// <summary>Of how many alternatives the probabilities are wanted, or null for none at all.</summary>
    public int? LogProbs { get; init; }

    /// <summary>Whether the client reads the texts as they are made.</summary>
    public bool IsStream { get; init; }

    /// <summary>What telemetry calls it.</summary>
    public string Operation { get; init; } = "text_completion";

    /// <summary>Which conversation it continues, for a cluster; null lets the prompt decide.</summary>
    public string? Conversation { get; init; }

    /// <summary>What the engine is asked for, choice by choice: those of the first prompt come first.</summary>
    /// <param name="contextTokens">Positions of a text.</param>
    /// <param name="deadline">How long they may take, waiting included.</param>
    /// <exception cref="ApiException">A prompt leaves no room.</exception>
    public IReadOnlyList<GenerationRequest> ToEngine(int contextTokens, TimeSpan deadline)
    {
        List<GenerationRequest> requests = [];
        foreach (int[] prompt in Prompts)
        {
            int room = contextTokens - prompt.Length;
            if (room < (MaxTokens == 0 ? 0 : 1))
                throw ApiException.ContextOverflow(Parameter, prompt.Length, contextTokens);
            for (int copy = 0; copy < Copies; copy++)
            {
                requests.Add(new GenerationRequest
                {
                    Prompt = prompt,
                    MaxTokens = Math.Min(MaxTokens ?? room, room),
                    // Choices of one prompt are sampled apart, and the first is what the seed gives alone.
                    Sampling = Sampling.Seed is { } seed ? Sampling with { Seed = unchecked(seed + (ulong)copy) } : Sampling,
                    Stop = Stops,
                    IgnoreEndTokens = IgnoreEndTokens,
                    LogProbs = LogProbs,
                    Operation = Operation,
                    SharesPrefix = true,
                    Deadline = deadline,
                    Conversation = Conversation,
                });
            }
        }
        return requests;
    }
}
