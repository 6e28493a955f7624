using System.Text.Json;

namespace Neuralink.Storage.Hub;

/// <summary>A file of a repository.</summary>
/// <param name="Name">Its path in the repository.</param>
/// <param name="LengthBytes">Its length, as far as the Hub says.</param>
public readonly record struct HubFile(string Name, long LengthBytes);

/// <summary>What the Hub says of a revision: its commit and its files.</summary>
/// <param name="Commit">The commit.</param>
/// <param name="Files">All files of it whose names are plain.</param>
public sealed record HubListing(string Commit, IReadOnlyList<HubFile> Files)
{
    /// <summary>Reads the answer of <c>/api/models/REPOSITORY/revision/REVISION?blobs=true</c>.</summary>
    /// <exception cref="JsonException">It is no such answer.</exception>
    internal static HubListing Parse(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || Text(root, "sha") is not { } commit || !HubCache.IsCommit(commit)
            || !root.TryGetProperty("siblings", out JsonElement siblings) || siblings.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException("no object with a commit and a list of files");
        }
        List<HubFile> files = [];
        foreach (JsonElement file in siblings.EnumerateArray().Where(file => file.ValueKind == JsonValueKind.Object))
        {
            if (Text(file, "rfilename") is { } name && HubAddress.IsPath(name))
                files.Add(new HubFile(name, Length(file)));
        }
        return new HubListing(commit, files);
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long Length(JsonElement file) =>
        file.TryGetProperty("size", out JsonElement size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out long bytes)
            && bytes > 0 ? bytes : 0;
}
