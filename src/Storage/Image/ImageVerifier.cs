using Neuralink.Placement;

namespace Neuralink.Storage.Image;

/// <summary>Reads a whole image and checks every digest and every bundle's CRC.</summary>
public static class ImageVerifier
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Checks the bundles first, so that a damaged one is named, and then every file's digest.</summary>
    /// <param name="image">The opened image.</param>
    /// <param name="progress">Told the bytes read so far, of <see cref="TotalBytes"/>.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    /// <exception cref="NeuralinkException">The first damaged bundle, by layer and slot, or the first file
    /// whose digest differs.</exception>
    public static void Verify(FlashImage image, IProgress<long>? progress, CancellationToken cancellation)
    {
        long doneBytes = Guard(image.NeuronsPath, () => VerifyBundles(image, progress, cancellation));
        foreach (string name in image.Manifest.Files.Keys)
            doneBytes = Guard(image.PathOf(name), () => VerifyFile(image, name, progress, doneBytes, cancellation));
    }

    /// <summary>Checks the digest of one of the image's files.</summary>
    /// <exception cref="NeuralinkException">It differs from the manifest's.</exception>
    public static void VerifyFile(FlashImage image, string fileName) =>
        Guard(image.PathOf(fileName), () => VerifyFile(image, fileName, progress: null, doneBytes: 0, CancellationToken.None));

    /// <summary>Bytes that <see cref="Verify"/> reads.</summary>
    public static long TotalBytes(FlashImage image) =>
        ((long)image.FfnCount * image.SlotCount * image.StrideBytes) + image.Manifest.Files.Values.Sum(f => f.Bytes);

    private static long VerifyFile(
        FlashImage image, string fileName, IProgress<long>? progress, long doneBytes, CancellationToken cancellation)
    {
        CheckDigest(image, fileName, FileDigest.Of(image.PathOf(fileName), count =>
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(doneBytes += count);
        }));
        return doneBytes;
    }

    /// <summary>Checks the digest that one of the image's files was found to have.</summary>
    internal static void CheckDigest(FlashImage image, string fileName, string found)
    {
        string expected = image.Manifest.Files[fileName].Xxh128;
        if (found != expected)
        {
            throw new NeuralinkException(
                $"verify {image.PathOf(fileName)}", $"{FileDigest.Name} {expected}", found, "the file is damaged; pack the model again");
        }
    }

    private static long VerifyBundles(FlashImage image, IProgress<long>? progress, CancellationToken cancellation)
    {
        using FileStream stream = OpenSequential(image.NeuronsPath);
        byte[] bundle = new byte[image.StrideBytes];
        long doneBytes = 0;
        for (int layer = 0; layer < image.FfnCount; layer++)
        {
            stream.Position = image.OffsetOf(new LayerIndex(layer), new Slot(0));
            for (int slot = 0; slot < image.SlotCount; slot++)
            {
                cancellation.ThrowIfCancellationRequested();
                stream.ReadExactly(bundle);
                if (!BundleCrc.IsIntact(bundle))
                    throw DamagedBundle(image, new LayerIndex(layer), new Slot(slot), "verify");
                progress?.Report(doneBytes += bundle.Length);
            }
        }
        return doneBytes;
    }

    /// <summary>The error for a bundle whose CRC does not match.</summary>
    public static NeuralinkException DamagedBundle(FlashImage image, LayerIndex layer, Slot slot, string verb) => new(
        $"{verb} {image.NeuronsPath}", $"{layer}, {slot} with a matching CRC-32C",
        $"damaged bytes at offset {image.OffsetOf(layer, slot)}", "pack the model again, and check the disk");

    private static long Guard(string path, Func<long> verify)
    {
        try
        {
            return verify();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"verify {path}", "a readable file of the length it had", error.Message, "check the disk", error);
        }
    }

    private static FileStream OpenSequential(string path) =>
        new(path, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = PieceBytes });
}
