using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Neuralink.Server.Page;

/// <summary>
/// The page at /, for people, and its files at /page. They hold nothing secret and need no key: the page asks for one and sends it with
/// what it asks the API. Programs that look whether something is here get a line of text at /.
/// </summary>
internal static class PageEndpoints
{
    private const string Folder = "/page";

    // Everything comes from this server, and nothing is written into the page that a browser would run.
    private const string SecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'";

    private static readonly string[] s_methods = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/", s_methods, AnswerRootAsync);
        foreach ((string name, PageFile file) in PageFiles.All)
            routes.MapMethods($"{Folder}/{name}", s_methods, (HttpContext context) => AnswerAsync(context, file));
    }

    /// <summary>Whether a request is for the page or a file of it.</summary>
    public static bool IsOfPage(HttpRequest request) =>
        s_methods.Contains(request.Method, StringComparer.Ordinal)
        && (request.Path == "/" || request.Path.StartsWithSegments(Folder, StringComparison.Ordinal));

    private static Task AnswerRootAsync(HttpContext context)
    {
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        if (context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
            return AnswerAsync(context, PageFiles.All[PageFiles.Index]);
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync("Neuralink is running\n");
    }

    // A browser keeps a file and asks each time whether it is the same: a new version of the server never meets an old page.
    private static async Task AnswerAsync(HttpContext context, PageFile file)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ETag = file.Tag;
        headers.CacheControl = "no-cache";
        headers.ContentSecurityPolicy = SecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if (IsKept(context.Request.Headers.IfNoneMatch, file.Tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = file.Bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(file.Bytes, context.RequestAborted);
    }

    // A proxy that compresses makes the tag a weak one.
    private static bool IsKept(StringValues known, string tag) => known
        .SelectMany(line => line?.Split(',', StringSplitOptions.TrimEntries) ?? [])
        .Any(one => one == "*" || one == tag || (one.StartsWith("W/", StringComparison.Ordinal) && one.AsSpan(2).SequenceEqual(tag)));
}
