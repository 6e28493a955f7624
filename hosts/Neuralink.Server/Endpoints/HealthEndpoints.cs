using Microsoft.Extensions.Diagnostics.HealthChecks;
using Neuralink.Server.Answers;
using Neuralink.Server.Generation;

namespace Neuralink.Server.Endpoints;

internal sealed record HealthAnswer(string Status);

/// <summary>
/// What a load balancer asks: /health says whether the process lives, /ready whether it can answer. Health checks of the host take part:
/// all in /ready, and those that are not tagged "ready" in /health.
/// </summary>
internal static class HealthEndpoints
{
    private const string ReadyTag = "ready";

    private static readonly string[] s_methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/health", s_methods, (HttpContext context, HealthCheckService checks) =>
            AnswerAsync(context, isReady: true, checks, check => !check.Tags.Contains(ReadyTag)));
        routes.MapMethods("/ready", s_methods, (HttpContext context, HealthCheckService checks, ServedModel model) =>
            AnswerAsync(context, model.IsReady, checks, static _ => true));
    }

    private static async Task AnswerAsync(
        HttpContext context, bool isReady, HealthCheckService checks, Func<HealthCheckRegistration, bool> which)
    {
        HealthReport report = await checks.CheckHealthAsync(which, context.RequestAborted);
        string status = report.Status == HealthStatus.Unhealthy ? "error" : isReady ? "ok" : "loading model";
        context.Response.Headers.CacheControl = "no-store";
        if (status != "ok")
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        if (!HttpMethods.IsHead(context.Request.Method))
            await JsonAnswer.WriteAsync(context, new HealthAnswer(status));
    }
}
