using System.ComponentModel;
using System.Net;
using Neuralink.Hosting;
using Neuralink.Server.Security;

namespace Neuralink.Server.Options;

/// <summary>
/// How the model is served. Bound from the configuration section <see cref="Section"/> and from the command line, where a property
/// BodyBytesMax is called --body-bytes-max. Checked when the host starts; every error is listed.
/// </summary>
public sealed class ServerOptions
{
    /// <summary>The section's key within <see cref="NeuralinkOptions.Section"/>.</summary>
    public const string Key = "Server";

    /// <summary>The configuration section.</summary>
    public const string Section = $"{NeuralinkOptions.Section}:{Key}";

    [Description("The address to listen on; any but this machine's own needs API keys, or --allow-anonymous [default: 127.0.0.1]")]
    public string Host { get; set; } = "127.0.0.1";

    [Description("The port to listen on; 0 takes a free one and says which [default: 8080]")]
    public int Port { get; set; } = 8080;

    [Description("What the model is called in the API [default: its own name]")]
    public string? ModelName { get; set; }

    [Description("A file with API keys, one a line, each as it is or as sha256: and its hash in hex")]
    public string? ApiKeyFile { get; set; }

    [Description("The SHA-256 hash of an API key, in hex; may be given several times")]
    public IList<string> ApiKeyHashes { get; } = [];

    [Description("Serve an address of the network without API keys")]
    public bool AllowAnonymous { get; set; }

    [Description(
        "An origin whose pages may use the API in a browser; may be given several times. localhost: pages of this machine; *: all; "
        + "none: none [default: localhost]")]
    public IList<string> CorsOrigins { get; } = [];

    [Description("A host name that requests may be addressed to, beside this machine's own; may be given several times. *: any")]
    public IList<string> AllowedHosts { get; } = [];

    [Description("The most bytes of a request's body [default: 8388608]")]
    public int BodyBytesMax { get; set; } = 8 << 20;

    [Description("Seconds that a request may take, waiting included [default: 600]")]
    public double RequestSeconds { get; set; } = 600;

    [Description("Seconds after which a stream that has nothing to send gets a comment, so that clients do not give up [default: 5]")]
    public double PingSeconds { get; set; } = 5;

    [Description("Seconds that running requests have to end when the server is stopped [default: 30]")]
    public double GraceSeconds { get; set; } = 30;

    /// <summary>Whether only this machine reaches the server.</summary>
    internal bool IsLoopback => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(Host, out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>What is out of its range, in a line each.</summary>
    internal IEnumerable<string> FindErrors()
    {
        if (!IsLoopback && !IPAddress.TryParse(Host, out _))
            yield return Error(nameof(Host), "an IP address or localhost", $"'{Host}'");
        if (Port is < 0 or > 65535)
            yield return Error(nameof(Port), "0 to 65535", $"{Port}");
        if (ModelName is { Length: 0 })
            yield return Error(nameof(ModelName), "a text that is not empty", "an empty one");
        if (BodyBytesMax is < 1024 or > 1 << 30)
            yield return Error(nameof(BodyBytesMax), "1024 to 1073741824", $"{BodyBytesMax}");
        if (!(RequestSeconds is > 0 and <= 86400))
            yield return Error(nameof(RequestSeconds), "more than 0, to 86400", $"{RequestSeconds}");
        if (!(PingSeconds is >= 0.05 and <= 3600))
            yield return Error(nameof(PingSeconds), "0.05 to 3600", $"{PingSeconds}");
        if (!(GraceSeconds is >= 0 and <= 3600))
            yield return Error(nameof(GraceSeconds), "0 to 3600", $"{GraceSeconds}");
        foreach (string hash in ApiKeyHashes.Where(hash => !ApiKeys.IsHash(hash)))
            yield return Error(nameof(ApiKeyHashes), "64 hexadecimal digits", $"{hash.Length} characters");
        foreach (string origin in CorsOrigins.Where(origin => !CorsPolicy.IsRule(origin)))
            yield return Error(nameof(CorsOrigins), "an origin such as https://example.org, localhost, * or none", $"'{origin}'");
    }

    private static string Error(string key, string expected, string found) => $"{Section}:{key}: expected {expected}, found {found}";
}
