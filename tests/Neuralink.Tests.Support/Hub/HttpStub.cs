using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Neuralink.Tests.Support.Hub;

/// <summary>A request as a stub was sent it.</summary>
/// <param name="Target">Path and query.</param>
/// <param name="Headers">Its headers; names in any case.</param>
public sealed record StubRequest(string Target, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The first byte that a Range header asks for; 0 without one.</summary>
    public long From => Headers.TryGetValue("Range", out string? range)
        ? long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture)
        : 0;
}

/// <summary>What a stub answers.</summary>
/// <param name="Status">Status code.</param>
/// <param name="Body">The body.</param>
/// <param name="Headers">Headers, less the body's length.</param>
public sealed record StubReply(int Status, byte[] Body, params (string Name, string Value)[] Headers)
{
    /// <summary>Bytes of the body that are sent before the connection breaks off; null sends all.</summary>
    public int? BreakAfter { get; init; }

    public static StubReply Error(int status, params (string Name, string Value)[] headers) => new(status, [], headers);
}

/// <summary>An HTTP server on this machine, one request a connection.</summary>
public sealed class HttpStub : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<StubRequest, StubReply> _answer;
    private readonly List<StubRequest> _requests = [];

    public HttpStub(Func<StubRequest, StubReply> answer)
    {
        _answer = answer;
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _ = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>All requests so far.</summary>
    public IReadOnlyList<StubRequest> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            for (; ; )
                _ = AnswerAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            NetworkStream stream = client.GetStream();
            StubRequest request = await ReadAsync(stream);
            lock (_requests)
                _requests.Add(request);
            StubReply reply = _answer(request);
            StringBuilder head = new($"HTTP/1.1 {reply.Status} Status\r\nContent-Length: {reply.Body.Length}\r\nConnection: close\r\n");
            foreach ((string name, string value) in reply.Headers)
                head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()));
            await stream.WriteAsync(reply.Body.AsMemory(0, reply.BreakAfter ?? reply.Body.Length));
            client.Client.Shutdown(SocketShutdown.Send);
            await stream.CopyToAsync(Stream.Null);         // until the other side has read it and closes
        }
    }

    private static async Task<StubRequest> ReadAsync(NetworkStream stream)
    {
        List<string> lines = [];
        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
            lines.Add(line);
        Dictionary<string, string> headers = lines.Skip(1).Select(line => line.Split(": ", 2))
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
        return new StubRequest(lines[0].Split(' ')[1], headers);
    }
}
