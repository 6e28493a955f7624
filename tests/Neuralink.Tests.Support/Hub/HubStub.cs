using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Neuralink.Tests.Support.Hub;

/// <summary>
/// A server that answers as the Hugging Face Hub does, of one repository, ORG/model: large files are redirected to another host, small ones
/// within the server.
/// </summary>
public sealed class HubStub : IDisposable
{
    public const string Repository = "ORG/model";

    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private const int LargeBytesMin = 200;

    private readonly HttpStub _hub;
    private readonly HttpStub _store;

    public HubStub()
    {
        _store = new HttpStub(Store);
        _hub = new HttpStub(Answer);
    }

    public Uri Address => _hub.Address;

    /// <summary>The repository's files.</summary>
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>What it calls its only revision.</summary>
    public string Revision { get; set; } = "main";

    /// <summary>The token that it asks for; null is none.</summary>
    public string? Token { get; set; }

    /// <summary>Answers some requests, to either host, in another way; null leaves them.</summary>
    public Func<StubRequest, StubReply?> Instead { get; set; } = static _ => null;

    /// <summary>What was asked of the Hub itself.</summary>
    public IReadOnlyList<StubRequest> Requests => _hub.Requests;

    /// <summary>What was asked of the host that has the large files.</summary>
    public IReadOnlyList<StubRequest> StoreRequests => _store.Requests;

    /// <summary>What the Hub calls a file: SHA-256 of a large one, git's SHA-1 of a small one.</summary>
    public static string EtagOf(byte[] content) => Convert.ToHexStringLower(IsLarge(content)
        ? SHA256.HashData(content)
#pragma warning disable CA5350 // git's own name of a blob
        : SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    public void Add(string folder)
    {
        foreach (string path in Directory.GetFiles(folder))
            Files[Path.GetFileName(path)] = File.ReadAllBytes(path);
    }

    public void Dispose()
    {
        _hub.Dispose();
        _store.Dispose();
    }

    private static bool IsLarge(byte[] content) => content.Length >= LargeBytesMin;

    private StubReply Answer(StubRequest request)
    {
        if (Instead(request) is { } other)
            return other;
        if (Token is not null && request.Headers.GetValueOrDefault("Authorization") != $"Bearer {Token}")
            return StubReply.Error(401, ("X-Error-Code", "RepoNotFound"));
        string[] parts = request.Target.Split('?')[0].Trim('/').Split('/');
        return parts switch
        {
            ["api", "models", var org, var name, "revision", var revision] when $"{org}/{name}" == Repository =>
                Uri.UnescapeDataString(revision) == Revision || revision == Commit
                    ? Listing()
                    : StubReply.Error(404, ("X-Error-Code", "RevisionNotFound")),
            [var org, var name, "resolve", Commit, .. var file] when $"{org}/{name}" == Repository => Resolve(string.Join('/', file)),
            ["api", "resolve-cache", .. var file] => Content(string.Join('/', file)),
            _ => StubReply.Error(404, ("X-Error-Code", "RepoNotFound")),
        };
    }

    private StubReply Listing()
    {
        object answer = new
        {
            id = Repository,
            sha = Commit,
            siblings = Files.Select(file => new { rfilename = file.Key, size = file.Value.Length, blobId = "0" }),
        };
        return new StubReply(200, JsonSerializer.SerializeToUtf8Bytes(answer), ("Content-Type", "application/json"));
    }

    private StubReply Resolve(string name)
    {
        if (!Files.TryGetValue(Uri.UnescapeDataString(name), out byte[]? content))
            return StubReply.Error(404, ("X-Error-Code", "EntryNotFound"));
        return IsLarge(content)
            ? new StubReply(
                302, [], ("Location", $"{_store.Address}{name}?signature=1"), ("X-Repo-Commit", Commit),
                ("X-Linked-Etag", $"\"{EtagOf(content)}\""), ("X-Linked-Size", content.Length.ToString(CultureInfo.InvariantCulture)))
            : new StubReply(
                307, [], ("Location", $"/api/resolve-cache/{name}"), ("X-Repo-Commit", Commit), ("ETag", $"\"{EtagOf(content)}\""));
    }

    private StubReply Content(string name) => Files.TryGetValue(Uri.UnescapeDataString(name), out byte[]? content)
        ? new StubReply(200, content, ("ETag", $"W/\"{EtagOf(content)}\""))
        : StubReply.Error(404);

    private StubReply Store(StubRequest request)
    {
        if (Instead(request) is { } other)
            return other;
        byte[] content = Files[Uri.UnescapeDataString(request.Target.Split('?')[0].Trim('/'))];
        return request.From switch
        {
            0 => new StubReply(200, content, ("Accept-Ranges", "bytes")),
            var from when from >= content.Length => StubReply.Error(416),
            var from => new StubReply(
                206, content[(int)from..], ("Content-Range", $"bytes {from}-{content.Length - 1}/{content.Length}")),
        };
    }
}
