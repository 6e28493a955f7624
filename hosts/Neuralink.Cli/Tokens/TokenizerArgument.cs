using System.CommandLine;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Tokens;

/// <summary>The argument that says whose tokenizer is meant.</summary>
internal static class TokenizerArgument
{
    public static Argument<string> Create() =>
        new("MODEL") { Description = "A flash image, a Hugging Face folder, a folder with a tokenizer's files, or a GGUF file" };

    /// <exception cref="Storage.NeuralinkException">It has no tokenizer that can be used.</exception>
    public static Tokenizer Load(string model) =>
        FlashImage.IsImage(model) ? ImageTokenizer.Load(FlashImage.Open(model)) : Tokenizer.Load(model);
}
