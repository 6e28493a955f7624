using Neuralink.Models.Packing;

namespace Neuralink.Tests.Support;

/// <summary>A model packed into a temporary image, deleted when disposed.</summary>
public sealed class PackedModel : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    public PackedModel(string sourceFolder, PackOptions? options = null)
    {
        Source = sourceFolder;
        Folder = Path.Combine(_root, "model.nlk");
        try
        {
            ModelPacker.Pack(sourceFolder, Folder, options ?? new PackOptions());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The Hugging Face folder.</summary>
    public string Source { get; }

    /// <summary>The image.</summary>
    public string Folder { get; }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
