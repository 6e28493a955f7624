using System.Net;

namespace Neuralink.Storage.Hub;

/// <summary>Puts what the Hub answers into words a user can act on.</summary>
/// <param name="options">How it is asked.</param>
/// <param name="address">What it is asked for.</param>
internal sealed class HubErrors(HubOptions options, HubAddress address)
{
    private const string Unreachable = "check the network and HF_ENDPOINT, or give a model that is on this machine";

    private string Operation => $"get {address} from {options.Endpoint.Host}";

    /// <summary>The error for an answer that is none of success.</summary>
    public NeuralinkException Refused(HttpResponseMessage response)
    {
        string code = Header(response, "X-Error-Code") ?? "", status = $"the answer {(int)response.StatusCode}";
        string page = $"{options.Endpoint.ToString().TrimEnd('/')}/{address.Repository}";
        (string found, string? advice) = response.StatusCode switch
        {
            _ when code == "GatedRepo" => (
                $"{status}: the model is gated",
                $"accept its terms at {page}, and set HF_TOKEN to a token of your account"),
            HttpStatusCode.Unauthorized when options.Token is null => (
                $"{status}: no such model, or a private one",
                "check the name; for a private model set HF_TOKEN to a token that may read it"),
            HttpStatusCode.Unauthorized => ($"{status}: the token is not accepted", "set HF_TOKEN to a valid token, or to none"),
            HttpStatusCode.Forbidden => ($"{status}: the token may not read it", $"see {page}"),
            HttpStatusCode.NotFound when code == "RevisionNotFound" => ($"{status}: it has no revision {address.Revision}", $"see {page}"),
            HttpStatusCode.NotFound when code == "EntryNotFound" => ($"{status}: it has no file {address.File}", $"see {page}"),
            HttpStatusCode.NotFound => ($"{status}: no such model", "check the name; a private model wants HF_TOKEN"),
            HttpStatusCode.TooManyRequests => (
                $"{status}: too many requests",
                options.Token is null ? "try again later, or set HF_TOKEN: who is known may ask more" : "try again later"),
            >= HttpStatusCode.InternalServerError => ($"{status}: the server has trouble", "try again later"),
            _ => (Header(response, "X-Error-Message") is { } message ? $"{status}: {message}" : status, Unreachable),
        };
        return new NeuralinkException(Operation, expected: null, OneLine(found), advice);
    }

    /// <summary>The error for a server that cannot be reached, or breaks off again and again.</summary>
    public NeuralinkException NotReached(Exception error) =>
        new(Operation, expected: null, OneLine((error.InnerException ?? error).Message), Unreachable, error);

    /// <summary>The error for an answer that is not as the Hub answers.</summary>
    public NeuralinkException Strange(string expected, string found, Exception? inner = null) =>
        new(Operation, expected, OneLine(found), Unreachable, inner);

    /// <summary>A header's value, or null.</summary>
    public static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values)
        || response.Content.Headers.TryGetValues(name, out values) ? values.FirstOrDefault() : null;

    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
