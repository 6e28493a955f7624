using System.CommandLine;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Tokens;

/// <summary>The argument that says whose tokenizer is meant.</summary>
internal static class TokenizerArgument
{
    public static Argument<string> Create() =>
        new("MODEL") { Description = "A flash image, a Hugging Face folder or one with a tokenizer's files, a GGUF file, or hf:ORG/NAME" };

    /// <exception cref="Storage.NeuralinkException">It has no tokenizer that can be used.</exception>
    public static Tokenizer Load(string model, Surroundings surroundings, CancellationToken cancellation)
    {
        string path = ModelLocator.Resolve(model, surroundings, cancellation, ModelParts.Settings);
        return FlashImage.IsImage(path) ? ImageTokenizer.Load(FlashImage.Open(path)) : Tokenizer.Load(path);
    }
}
