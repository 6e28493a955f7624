using Neuralink.Models.Checkpoints;
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
            Pack(sourceFolder, Folder, options ?? new PackOptions());
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

    /// <summary>Packs a checkpoint to where it is wanted.</summary>
    public static void Pack(
        string source, string destination, PackOptions options, IProgress<PackProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using Checkpoint checkpoint = Checkpoint.Open(source);
        ModelPacker.Pack(checkpoint, destination, options, progress, cancellation);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
