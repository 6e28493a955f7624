using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Images;

/// <summary>Whether an image may be written somewhere: asked before work that takes minutes.</summary>
internal static class ImageDestination
{
    /// <param name="folder">Where to.</param>
    /// <param name="replace">Whether an image there is replaced; a folder that is none was a mistyped name.</param>
    /// <exception cref="NeuralinkException">It may not.</exception>
    public static void Check(string folder, bool replace)
    {
        if (!replace && Path.Exists(folder))
        {
            throw new NeuralinkException(
                $"write {folder}", "no such file or folder", "it exists", "choose another name, or replace an image with --force");
        }
        if (File.Exists(folder))
            throw new NeuralinkException($"write {folder}", "a flash image to replace", "a file", "choose another name");
        if (Directory.Exists(folder) && !FlashImage.IsImage(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new NeuralinkException(
                $"write {folder}", "a flash image to replace", "a folder of something else", "choose another name");
        }
    }
}
