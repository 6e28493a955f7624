using System.Net;
using System.Net.Http.Headers;

namespace Neuralink.Storage.Hub;

/// <summary>
/// Asks the Hub. Redirections are followed by hand: the token goes to the Hub's own host and to no other. What a server refuses for now
/// (429, 5xx, a connection that breaks) is asked again, after the time that it states.
/// </summary>
internal sealed class HubClient : IDisposable
{
    /// <summary>How often something is tried without any progress.</summary>
    public const int AttemptsMax = 5;

    private const int RedirectionsMax = 10;

    // A server that wants more is not waited for.
    private static readonly TimeSpan s_waitMax = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_answerTimeout = TimeSpan.FromSeconds(60);

    private readonly HubOptions _options;
    private readonly Action<string> _note;
    private readonly HttpClient _http;

    public HubClient(HubOptions options, HubErrors errors, Action<string> note)
    {
        _options = options;
        _note = note;
        Errors = errors;
        SocketsHttpHandler handler = new() { AllowAutoRedirect = false, ConnectTimeout = s_connectTimeout, UseCookies = false };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        string? version = typeof(HubClient).Assembly.GetName().Version?.ToString(3);
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("neuralink", version));
    }

    /// <summary>What is said when it fails.</summary>
    public HubErrors Errors { get; }

    /// <summary>
    /// Does something that asks the Hub, again and again while it fails for now. An attempt that has got further than the ones before does
    /// not count.
    /// </summary>
    /// <param name="attempt">Asks; returns its result, or throws.</param>
    /// <param name="progress">How far it has got.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="NeuralinkException">It fails for good.</exception>
    public async Task<T> TryAsync<T>(Func<Task<T>> attempt, Func<long> progress, CancellationToken cancellation)
    {
        long reached = progress();
        for (int failures = 0; ;)
        {
            TimeSpan? wait;
            NeuralinkException failure;
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (HubBusyException busy)
            {
                (failure, wait) = (busy.Error, busy.Wait);
            }
            catch (Exception error) when (IsBreak(error) && !cancellation.IsCancellationRequested)
            {
                (failure, wait) = (Errors.NotReached(error), null);
                if (progress() == 0 && IsNoServer(error))
                    throw failure;
            }
            failures = progress() > reached ? 1 : failures + 1;
            reached = Math.Max(reached, progress());
            TimeSpan pause = wait ?? TimeSpan.FromSeconds(1 << failures);
            if (failures == AttemptsMax || pause > s_waitMax)
                throw failure;
            _note($"{failure.Found}; trying again in {pause.TotalSeconds:0} s");
            await Task.Delay(pause, _options.Time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>A GET to the Hub's own host, redirections within it followed.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>An answer of success, or a redirection to another host (see <see cref="IsRedirection"/>).</returns>
    /// <exception cref="HubBusyException">It is to be asked again.</exception>
    /// <exception cref="NeuralinkException">It refuses.</exception>
    public async Task<HubAnswer> GetAsync(string path, CancellationToken cancellation)
    {
        Uri uri = new($"{_options.Endpoint.ToString().TrimEnd('/')}/{path}");
        string? etag = null, length = null;
        for (int count = 0; count < RedirectionsMax; count++)
        {
            HttpResponseMessage response = await SendAsync(uri, fromBytes: 0, cancellation).ConfigureAwait(false);
            etag = HubErrors.Header(response, "X-Linked-Etag") ?? etag ?? HubErrors.Header(response, "ETag");
            length = HubErrors.Header(response, "X-Linked-Size") ?? length;
            if (!IsRedirection(response))
                return new HubAnswer(Succeeded(response), Location: null, etag, length);
            Uri location = LocationOf(response, uri);
            // Without a name of its content the answer is a mirror's, which leaves all of it to another host.
            if (!IsOwn(location) && etag is not null)
                return new HubAnswer(response, location, etag, length);
            response.Dispose();
            uri = location;
        }
        throw Errors.Strange($"at most {RedirectionsMax} redirections", "more");
    }

    /// <summary>A GET to any host, from a byte on.</summary>
    /// <exception cref="HubBusyException">It is to be asked again.</exception>
    /// <exception cref="NeuralinkException">It refuses.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri uri, long fromBytes, CancellationToken cancellation)
    {
        for (int count = 0; count < RedirectionsMax; count++)
        {
            HttpResponseMessage response = await SendAsync(uri, fromBytes, cancellation).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                return response;
            if (!IsRedirection(response))
                return Succeeded(response);
            uri = LocationOf(response, uri);
            response.Dispose();
        }
        throw Errors.Strange($"at most {RedirectionsMax} redirections", "more");
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    // A connection that takes too long is cancelled.
    private static bool IsBreak(Exception error) =>
        error is HttpRequestException or IOException or TimeoutException or OperationCanceledException;

    // Where there is no network, or no such host, there is none in a minute either.
    private static bool IsNoServer(Exception error) => error is HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
            or HttpRequestError.SecureConnectionError,
    };

    private static bool IsRedirection(HttpResponseMessage response) => response.StatusCode
        is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect
        or HttpStatusCode.PermanentRedirect;

    private async Task<HttpResponseMessage> SendAsync(Uri uri, long fromBytes, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, uri);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        if (fromBytes > 0)
            request.Headers.Range = new RangeHeaderValue(fromBytes, to: null);
        if (_options.Token is { } token && IsOwn(uri))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation)
            .WaitAsync(s_answerTimeout, cancellation).ConfigureAwait(false);
    }

    private HttpResponseMessage Succeeded(HttpResponseMessage response)
    {
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
        {
            NeuralinkException error = Errors.Refused(response);
            throw response.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
                ? new HubBusyException(error, WaitOf(response))
                : error;
        }
    }

    private TimeSpan? WaitOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > _options.Time.GetUtcNow() ? date - _options.Time.GetUtcNow() : TimeSpan.Zero,
        _ => null,
    };

    private Uri LocationOf(HttpResponseMessage response, Uri from) => response.Headers.Location is { } location
        ? new Uri(from, location)
        : throw Errors.Strange("a redirection that says where to", $"the answer {(int)response.StatusCode} without");

    private bool IsOwn(Uri uri) =>
        Uri.Compare(uri, _options.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;
}

/// <summary>What the Hub answers to a request for a file.</summary>
/// <param name="Response">Its last response.</param>
/// <param name="Location">Another host, where the file is; null where the response has it.</param>
/// <param name="Etag">What the file's content is called, as the header has it.</param>
/// <param name="LengthBytes">Its length, as the header has it.</param>
internal sealed record HubAnswer(HttpResponseMessage Response, Uri? Location, string? Etag, string? LengthBytes) : IDisposable
{
    public void Dispose() => Response.Dispose();
}

/// <summary>The server refuses for now.</summary>
/// <param name="error">What is said if it goes on doing so.</param>
/// <param name="wait">How long it wants to be left alone.</param>
internal sealed class HubBusyException(NeuralinkException error, TimeSpan? wait) : Exception(error.Message, error)
{
    public NeuralinkException Error => error;

    public TimeSpan? Wait => wait;
}
