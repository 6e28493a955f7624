namespace Neuralink.Server.Diagnostics;

/// <summary>Names each request, in the log and to the client, and logs how it ended.</summary>
internal sealed class RequestLogMiddleware(RequestDelegate next, ILogger<RequestLogMiddleware> logger, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers["X-Request-Id"] = context.TraceIdentifier;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        long start = time.GetTimestamp();
        using IDisposable? scope = logger.BeginScope("request {RequestId}", context.TraceIdentifier);
        try
        {
            await next(context);
        }
        finally
        {
            double millis = time.GetElapsedTime(start).TotalMilliseconds;
            logger.Answered(context.Request.Method, context.Request.Path, context.Response.StatusCode, millis);
        }
    }
}

/// <summary>Turns new requests away once the server is being stopped; those that run go on.</summary>
internal sealed class StoppingMiddleware(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (!lifetime.ApplicationStopping.IsCancellationRequested)
            return next(context);
        context.Response.Headers.Connection = "close";
        throw Errors.ApiException.Unavailable("The server is being stopped.", retryAfterSeconds: 5);
    }
}
