using Neuralink.Storage.Image;

namespace Neuralink.Models.Tokenizers.Files;

/// <summary>The tokenizer of a flash image, which has the files of the model's folder as they were.</summary>
public static class ImageTokenizer
{
    /// <exception cref="Storage.NeuralinkException">A file is not what it was when packed, or the tokenizer is not supported.</exception>
    public static Tokenizer Load(FlashImage image)
    {
        foreach (string file in TokenizerFiles.All.Where(image.Manifest.Files.ContainsKey))
            ImageVerifier.VerifyFile(image, file);
        return Tokenizer.Load(image.Folder);
    }
}
