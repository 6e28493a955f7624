namespace Neuralink.Server.Errors;

/// <summary>What a client is told instead of an answer: a status, a message that names the parameter, a code for programs.</summary>
internal sealed class ApiException : Exception
{
    public const string InvalidRequest = "invalid_request_error", ServerError = "server_error";

    /// <param name="status">The HTTP status.</param>
    /// <param name="message">One line for a person.</param>
    /// <param name="type">OpenAI's kind of error.</param>
    /// <param name="inner">What caused it; it is logged and not sent.</param>
    public ApiException(int status, string message, string type = InvalidRequest, Exception? inner = null)
        : base(message, inner)
    {
        Status = status;
        Type = type;
    }

    /// <summary>The HTTP status.</summary>
    public int Status { get; }

    /// <summary>OpenAI's kind of error.</summary>
    public string Type { get; }

    /// <summary>The parameter that is wrong, as a path in the body, or null.</summary>
    public string? Parameter { get; init; }

    /// <summary>What programs tell the error by, or null.</summary>
    public string? Code { get; init; }

    /// <summary>After how many seconds it is worth trying again, or null.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>A parameter is not as it must be.</summary>
    public static ApiException Invalid(string parameter, string expected, string found) =>
        new(StatusCodes.Status400BadRequest, $"{parameter}: expected {expected}, found {found}") { Parameter = parameter };

    /// <summary>A parameter asks for what this server does not do.</summary>
    public static ApiException Unsupported(string parameter, string why) =>
        new(StatusCodes.Status400BadRequest, $"{parameter}: {why}") { Parameter = parameter, Code = "unsupported_parameter" };

    /// <summary>The text does not fit. Agents read the code, and some the words and both numbers.</summary>
    public static ApiException ContextOverflow(string parameter, int promptTokens, int contextTokens) =>
        new(
            StatusCodes.Status400BadRequest,
            $"This model's maximum context length is {contextTokens} tokens. However, your request has {promptTokens} tokens in the "
            + $"{parameter}, which leaves no room for an answer. Please reduce the length of the {parameter}.")
        {
            Parameter = parameter,
            Code = "context_length_exceeded",
        };

    /// <summary>The server cannot answer at the moment.</summary>
    public static ApiException Unavailable(string message, int retryAfterSeconds) =>
        new(StatusCodes.Status503ServiceUnavailable, message, ServerError) { Code = "unavailable", RetryAfterSeconds = retryAfterSeconds };
}
