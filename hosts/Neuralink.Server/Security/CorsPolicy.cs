using System.Net;
using Microsoft.Extensions.Options;
using Neuralink.Server.Options;

namespace Neuralink.Server.Security;

/// <summary>
/// Which pages of a browser may use the API: by default those that this machine serves itself, as a program on it could use the API
/// anyway. Credentials are never allowed, as a key is sent in a header and there are no cookies.
/// </summary>
/// <param name="options">The origins.</param>
internal sealed class CorsPolicy(IOptions<ServerOptions> options)
{
    private const string All = "*", None = "none", Local = "localhost";

    private readonly string[] _rules = options.Value.CorsOrigins.Count > 0 ? [.. options.Value.CorsOrigins] : [Local];

    /// <summary>Whether a text is a rule as the configuration has it.</summary>
    public static bool IsRule(string text) => text is All or None or Local || OriginOf(text) == text;

    /// <summary>Whether a page of <paramref name="origin"/> may use the API at <paramref name="host"/>.</summary>
    /// <param name="origin">The Origin header.</param>
    /// <param name="host">The Host header: pages of the server itself may.</param>
    public bool Allows(string origin, HostString host) =>
        IsOwn(origin, host) || _rules.Any(rule => rule == All || (rule == Local ? IsLocal(origin)
            : string.Equals(rule, origin, StringComparison.OrdinalIgnoreCase)));

    private static bool IsOwn(string origin, HostString host) => Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri)
        && host.HasValue && string.Equals(uri.Authority, host.Value, StringComparison.OrdinalIgnoreCase);

    private static bool IsLocal(string origin) => OriginOf(origin) is not null
        && Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && HostPolicy.IsThisMachine(uri.IdnHost);

    // The scheme, the host and the port, and nothing else.
    private static string? OriginOf(string text) => Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) ? uri.GetLeftPart(UriPartial.Authority) : null;
}

/// <summary>
/// Which host names requests may be addressed to. A page can have its own name resolved to this machine (DNS rebinding) and is then no
/// foreign origin to a browser, but its requests still have its name. An address is no name, so it is always taken.
/// </summary>
internal sealed class HostPolicy(IOptions<ServerOptions> options)
{
    private readonly string[] _names = [.. options.Value.AllowedHosts, options.Value.Host];

    public bool Allows(HostString host) => !host.HasValue || _names.Contains("*") || IsThisMachine(host.Host)
        || IPAddress.TryParse(host.Host.Trim('[', ']'), out _) || _names.Contains(host.Host, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a host's name or address is the loopback's.</summary>
    public static bool IsThisMachine(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
