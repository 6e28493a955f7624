using Microsoft.Net.Http.Headers;
using Neuralink.Server.Errors;

namespace Neuralink.Server.Security;

/// <summary>
/// Keeps pages of foreign origins away: by the name that a request is addressed to, and by the Origin that a browser states. A server with
/// API keys takes any name, as a page does not have a key.
/// </summary>
internal sealed class OriginMiddleware(RequestDelegate next, HostPolicy hosts, CorsPolicy cors, ApiKeys keys)
{
    // Browsers ask again after this time; Chromium's own limit is two hours.
    private const string PreflightSeconds = "600";

    public Task InvokeAsync(HttpContext context)
    {
        if (!keys.Any && !hosts.Allows(context.Request.Host))
        {
            throw new ApiException(
                StatusCodes.Status403Forbidden,
                "This server is not called by that Host; start it with --allowed-hosts NAME if it is.")
            { Code = "host_not_allowed" };
        }
        string origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0)
            return next(context);
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Origin);
        if (!cors.Allows(origin, context.Request.Host))
        {
            throw new ApiException(
                StatusCodes.Status403Forbidden,
                "Pages of that Origin may not use this server; start it with --cors-origins ORIGIN if they may.")
            {
                Code = "origin_not_allowed",
            };
        }
        context.Response.Headers.AccessControlAllowOrigin = origin;
        context.Response.Headers.AccessControlExposeHeaders = "X-Request-Id, Retry-After";
        if (!IsPreflight(context.Request))
            return next(context);
        AnswerPreflight(context);
        return Task.CompletedTask;
    }

    private static bool IsPreflight(HttpRequest request) => HttpMethods.IsOptions(request.Method)
        && !string.IsNullOrEmpty(request.Headers.AccessControlRequestMethod);

    private static void AnswerPreflight(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        headers.AccessControlAllowMethods = "GET, HEAD, POST, OPTIONS";
        // Named one by one: a * does not cover Authorization.
        string asked = context.Request.Headers.AccessControlRequestHeaders.ToString();
        headers.AccessControlAllowHeaders = asked.Contains("authorization", StringComparison.OrdinalIgnoreCase) ? asked
            : asked.Length == 0 ? "Authorization, Content-Type" : $"Authorization, {asked}";
        headers.AccessControlMaxAge = PreflightSeconds;
        if (context.Request.Headers.ContainsKey("Access-Control-Request-Private-Network"))
            headers["Access-Control-Allow-Private-Network"] = "true";
    }
}
