using Neuralink.Storage;

namespace Neuralink;

/// <summary>As many texts as may are running or waiting: send the request again later.</summary>
public sealed class EngineBusyException : NeuralinkException
{
    internal EngineBusyException(int jobs)
        : base("start the text", "a place among those that run or wait", $"{jobs} texts before it", "send the request again later") =>
        Jobs = jobs;

    /// <summary>Texts that run or wait.</summary>
    public int Jobs { get; }
}

/// <summary>Prompt and new tokens do not fit the engine's context.</summary>
public sealed class ContextOverflowException : NeuralinkException
{
    internal ContextOverflowException(int promptTokens, int newTokens, int contextTokens)
        : base(
            "start the text", $"prompt and new tokens to fit a context of {contextTokens} tokens", $"{promptTokens} + {newTokens}",
            "shorten the prompt or generate fewer tokens") =>
        (PromptTokens, NewTokens, ContextTokens) = (promptTokens, newTokens, contextTokens);

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; }

    /// <summary>Tokens that were to be generated.</summary>
    public int NewTokens { get; }

    /// <summary>Tokens there is room for.</summary>
    public int ContextTokens { get; }
}

/// <summary>The text was not complete at its deadline.</summary>
public sealed class DeadlineExceededException : NeuralinkException
{
    internal DeadlineExceededException(TimeSpan deadline, int tokens)
        : base(
            "generate the text", $"it to be complete in {deadline.TotalSeconds:0.###} s", $"{tokens} tokens by then",
            "ask for fewer tokens, give it more time, or come when fewer texts run") =>
        Deadline = deadline;

    /// <summary>From the request on.</summary>
    public TimeSpan Deadline { get; }
}
