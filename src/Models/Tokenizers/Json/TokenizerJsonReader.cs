using System.Text.Json;
using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Models.Tokenizers.Subwords;
using Neuralink.Storage.Json;

namespace Neuralink.Models.Tokenizers.Json;

/// <summary>
/// Reads a Hugging Face tokenizer.json. What each key does, or that it does nothing, <see cref="TokenizerKeys"/> says; a value that would
/// make a difference this engine does not make is refused by name.
/// </summary>
internal static class TokenizerJsonReader
{
    /// <summary>A longer file is refused. The largest published ones have about 35 MB.</summary>
    public const long FileBytesMax = 256L << 20;

    /// <exception cref="Neuralink.Storage.NeuralinkException">The file is malformed, or uses what is not supported.</exception>
    public static TokenizerParts Read(string path)
    {
        using JsonDocument document = JsonFile.Open(path, FileBytesMax);
        return Read(new JsonField(path, "", document.RootElement));
    }

    private static TokenizerParts Read(JsonField root)
    {
        TokenizerKeys.Check(root, "tokenizer.json");
        ModelReader.RequireSupported(root["model"]);
        List<IPreTokenizer> steps = PreTokenizerReader.Read(root["pre_tokenizer"]);
        (SubwordModel model, Dictionary<string, int> vocabulary) = ModelReader.Read(root["model"], steps);
        List<AddedToken> added = AddedTokenReader.Read(root["added_tokens"], vocabulary);
        TokenTable table = new(vocabulary, added);
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Added = added,
            Normalizer = NormalizerReader.Read(root["normalizer"]),
            PreTokenizers = steps,
            Model = model,
            Affixes = PostProcessorReader.Read(root["post_processor"], table.Has),
            Decoder = DecoderReader.Read(root["decoder"]),
        };
    }
}
