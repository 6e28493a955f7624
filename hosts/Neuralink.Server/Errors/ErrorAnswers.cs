using Microsoft.AspNetCore.Http.Features;
using Neuralink.Hosting.Cluster;
using Neuralink.Server.Answers;
using Neuralink.Storage;

namespace Neuralink.Server.Errors;

/// <summary>Turns whatever a request threw into an error in the shape that its client expects, and never shows a stack trace.</summary>
internal static class ErrorAnswers
{
    // Long enough for a sequence to end, short enough for a person.
    private const int BusyRetrySeconds = 2;

    /// <summary>What a client is told of an error.</summary>
    public static ApiException Of(Exception error) => error switch
    {
        ApiException known => known,
        BadHttpRequestException bad => new ApiException(bad.StatusCode, bad.Message, inner: bad),
        EngineBusyException busy => Busy(busy),
        ContextOverflowException overflow => ApiException.ContextOverflow("prompt", overflow.PromptTokens, overflow.ContextTokens),
        DeadlineExceededException late => new ApiException(
            StatusCodes.Status504GatewayTimeout, late.Message, ApiException.ServerError)
        { Code = "deadline_exceeded" },
        NodeLostException lost => ApiException.Unavailable(lost.Message, BusyRetrySeconds),
        NeuralinkException fault => new ApiException(
            StatusCodes.Status500InternalServerError, fault.Message, ApiException.ServerError, fault)
        { Code = "engine_failed" },
        _ => new ApiException(
            StatusCodes.Status500InternalServerError, "The server failed to answer; its log says why.", ApiException.ServerError, error)
        {
            Code = "internal_error",
        },
    };

    /// <summary>Writes an error as the whole answer.</summary>
    public static Task WriteAsync(HttpContext context, ApiException error)
    {
        context.Response.StatusCode = error.Status;
        if (error.RetryAfterSeconds is { } seconds)
            context.Response.Headers.RetryAfter = $"{seconds}";
        if (error.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        // Whatever is left of a body that nobody wants is read away, for a while: a client that still sends it is to see the answer.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask
            : JsonAnswer.WriteAsync(context, Body(context.Request.Path, error));
    }

    /// <summary>An error as JSON: a text for Ollama's clients, an object for all others.</summary>
    public static object Body(PathString path, ApiException error) => path.StartsWithSegments("/api", StringComparison.Ordinal)
        ? new OllamaError(error.Message)
        : new OpenAiError(new OpenAiErrorBody(error.Message, error.Type, error.Parameter, error.Code));

    private static ApiException Busy(EngineBusyException busy) =>
        new(
            StatusCodes.Status429TooManyRequests, $"The server is busy: {busy.Jobs} texts run or wait. Please try again.",
            "rate_limit_error", busy)
        {
            Code = "queue_full",
            RetryAfterSeconds = BusyRetrySeconds,
        };
}
