namespace Neuralink.Server.Diagnostics;

/// <summary>What the server's log is told. A request's identity is in the scope of each line.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(100, LogLevel.Information, "{Method} {Path} {Status} in {Millis:0} ms")]
    public static partial void Answered(this ILogger logger, string method, string path, int status, double millis);

    [LoggerMessage(101, LogLevel.Error, "{Path} failed")]
    public static partial void RequestFailed(this ILogger logger, string path, Exception error);

    [LoggerMessage(102, LogLevel.Information, "{Path}: the client left")]
    public static partial void ClientLeft(this ILogger logger, string path);

    [LoggerMessage(103, LogLevel.Information, "Listening on {Address}")]
    public static partial void Listening(this ILogger logger, string address);

    [LoggerMessage(104, LogLevel.Information, "Stopping: running requests have {Seconds} s to end")]
    public static partial void Stopping(this ILogger logger, double seconds);

    [LoggerMessage(105, LogLevel.Warning, "Anybody who reaches {Address} may use the model: there are no API keys")]
    public static partial void Anonymous(this ILogger logger, string address);

    [LoggerMessage(106, LogLevel.Information, "The model has no chat template: conversations are written as their messages' own words")]
    public static partial void PlainTemplate(this ILogger logger);
}
