using Neuralink.Server.Errors;
using Neuralink.Server.Page;

namespace Neuralink.Server.Security;

/// <summary>
/// Lets those through that have an API key, where the server has any. Probes of a load balancer have none, and neither has a browser before
/// the page has asked for it.
/// </summary>
internal sealed class KeyMiddleware(RequestDelegate next, ApiKeys keys)
{
    /// <summary>What says only that the server is up, to anybody.</summary>
    private static readonly string[] s_open = ["/health", "/ready"];

    public Task InvokeAsync(HttpContext context)
    {
        if (!keys.Any || IsOpen(context.Request) || keys.Admit(context.Request))
            return next(context);
        throw new ApiException(
            StatusCodes.Status401Unauthorized, "Incorrect API key provided: send one of the server's in Authorization: Bearer KEY.",
            "authentication_error")
        {
            Code = "invalid_api_key",
        };
    }

    private static bool IsOpen(HttpRequest request) =>
        s_open.Contains(request.Path.Value, StringComparer.Ordinal) || PageEndpoints.IsOfPage(request);
}
