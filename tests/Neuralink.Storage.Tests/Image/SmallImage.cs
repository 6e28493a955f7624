using System.Text.Json.Nodes;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Storage.Tests.Image;

/// <summary>A flash image of two layers of 12 bundles, to be damaged in every way; the original is packed once.</summary>
public sealed class SmallImage : IDisposable
{
    private static readonly RandomModelSpec s_spec = new()
    {
        Name = "small",
        Hidden = 8,
        Ffn = 12,
        Layers = 2,
        Heads = 2,
        KvHeads = 1,
        Context = 16,
        FfnBias = true,
    };

    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    public SmallImage()
    {
        using RandomModel model = new(s_spec);
        using PackedModel packed = new(model.Folder);
        Folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;
        foreach (string path in Directory.EnumerateFiles(packed.Folder))
            _files.Add(Path.GetFileName(path), File.ReadAllBytes(path));
        Restore();
    }

    /// <summary>A copy that tests damage.</summary>
    public string Folder { get; }

    public IReadOnlyDictionary<string, byte[]> Files => _files;

    public JsonObject Manifest => JsonNode.Parse(_files[ImageManifest.FileName])!.AsObject();

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Undoes every damage.</summary>
    public void Restore()
    {
        foreach ((string name, byte[] bytes) in _files)
            File.WriteAllBytes(PathOf(name), bytes);
    }

    /// <summary>Replaces one file.</summary>
    public void Write(string name, byte[] bytes) => File.WriteAllBytes(PathOf(name), bytes);

    public void WriteManifest(JsonNode manifest) => File.WriteAllText(PathOf(ImageManifest.FileName), manifest.ToJsonString());

    /// <summary>Opens and verifies.</summary>
    public FlashImage Check()
    {
        FlashImage image = FlashImage.Open(Folder);
        ImageVerifier.Verify(image, progress: null, CancellationToken.None);
        return image;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
