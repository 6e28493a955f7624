using Microsoft.Extensions.Logging;

namespace Neuralink.Hosting;

/// <summary>What the host's log is told.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(1, LogLevel.Information, "Opening {Model}")]
    public static partial void Opening(this ILogger logger, string model);

    [LoggerMessage(
        2, LogLevel.Information,
        "Opened {Model} in {Seconds:0.0} s: {MemoryBytes} bytes of memory, {ContextTokens} of the model's {ModelTokens} tokens of context")]
    public static partial void Opened(
        this ILogger logger, string model, double seconds, long memoryBytes, int contextTokens, int modelTokens);

    [LoggerMessage(3, LogLevel.Information, "{Model} is ready")]
    public static partial void Ready(this ILogger logger, string model);

    [LoggerMessage(4, LogLevel.Critical, "{Model} could not be opened")]
    public static partial void Failed(this ILogger logger, string model, Exception error);

    [LoggerMessage(5, LogLevel.Information, "{Text}")]
    public static partial void Note(this ILogger logger, string text);

    [LoggerMessage(6, LogLevel.Information, "Began: {Title}")]
    public static partial void Began(this ILogger logger, string title);

    [LoggerMessage(7, LogLevel.Information, "Ended after {Seconds:0.0} s: {Title}")]
    public static partial void Ended(this ILogger logger, string title, double seconds);

    [LoggerMessage(
        8, LogLevel.Debug,
        "{Operation} ended by {Reason} after {Seconds:0.000} s: {PromptTokens} prompt tokens, {ReusedTokens} reused, {Tokens} generated")]
    public static partial void TextEnded(
        this ILogger logger, string operation, string reason, double seconds, int promptTokens, int reusedTokens, int tokens);

    [LoggerMessage(9, LogLevel.Debug, "{Operation} was cancelled after {Seconds:0.000} s")]
    public static partial void TextCancelled(this ILogger logger, string operation, double seconds);

    [LoggerMessage(10, LogLevel.Information, "{Operation} failed after {Seconds:0.000} s: {Message}")]
    public static partial void TextFailed(this ILogger logger, string operation, double seconds, string message);
}
