using Neuralink.Server.Diagnostics;

namespace Neuralink.Server.Errors;

/// <summary>Answers what a request threw, and what no endpoint answered.</summary>
internal sealed class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response.ContentLength is null && NothingFound(context) is { } missing)
                await ErrorAnswers.WriteAsync(context, missing);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has left, and nobody reads an answer.
            logger.ClientLeft(context.Request.Path);
        }
        catch (Exception error)
        {
            ApiException told = ErrorAnswers.Of(error);
            if (told.Status >= StatusCodes.Status500InternalServerError && told.InnerException is { } cause)
                logger.RequestFailed(context.Request.Path, cause);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await ErrorAnswers.WriteAsync(context, told);
        }
    }

    private static ApiException? NothingFound(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => new ApiException(
            StatusCodes.Status404NotFound, $"There is no {context.Request.Method} {ShownPath(context)}.{Hint(context)}")
        {
            Code = "not_found",
        },
        StatusCodes.Status405MethodNotAllowed => new ApiException(
            StatusCodes.Status405MethodNotAllowed,
            $"{ShownPath(context)} takes {context.Response.Headers.Allow}, not {context.Request.Method}.")
        {
            Code = "method_not_allowed",
        },
        _ => null,
    };

    private static string Hint(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/v1/v1", StringComparison.Ordinal) ? " The base URL of the client has /v1 twice." : "";

    private static string ShownPath(HttpContext context)
    {
        string path = context.Request.Path.ToUriComponent();
        return path.Length > 100 ? string.Concat(path.AsSpan(0, 100), "...") : path;
    }
}
