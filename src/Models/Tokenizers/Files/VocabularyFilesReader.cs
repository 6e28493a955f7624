using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Decoders;
using Neuralink.Models.Tokenizers.Json;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Models.Tokenizers.Subwords;
using Neuralink.Storage;
using Neuralink.Storage.Json;

namespace Neuralink.Models.Tokenizers.Files;

/// <summary>
/// Reads vocab.json with merges.txt, as GPT-2 and OPT publish their tokenizers: byte-level byte-pair encoding, with the same parts as
/// transformers gives it.
/// </summary>
internal static class VocabularyFilesReader
{
    private const string DefaultSpecial = "<|endoftext|>";

    /// <exception cref="NeuralinkException">A file is malformed, or the two contradict each other.</exception>
    public static TokenizerParts Read(string folder, TokenizerConfig config)
    {
        string vocabularyPath = Path.Combine(folder, TokenizerFiles.Vocabulary);
        using JsonDocument document = JsonFile.Open(vocabularyPath, TokenizerJsonReader.FileBytesMax);
        Dictionary<string, int> vocabulary = VocabularyReader.Read(new JsonField(vocabularyPath, "", document.RootElement));
        if (config.Class is not (null or "GPT2Tokenizer" or "PreTrainedTokenizer" or "OPTTokenizer"))
        {
            throw new NeuralinkException(
                $"read {config.Path}", "tokenizer_class GPT2Tokenizer beside vocab.json and merges.txt", config.Class,
                "convert the tokenizer to a tokenizer.json, as Hugging Face's AutoTokenizer saves it");
        }
        BytePairMerges merges = ReadMerges(Path.Combine(folder, TokenizerFiles.Merges), vocabulary);
        UnknownTokens unknowns = new(vocabulary, fallsBackToBytes: false, unknown: null, isFused: false);
        List<IPreTokenizer> steps = [new ByteLevelStep(config.AddsPrefixSpace ?? false, splits: true, writesAlphabet: true)];
        BpeParts parts = new(vocabulary, merges, IgnoresMerges: false, ReadsBytes: false, unknowns);
        BpeModel model = ModelReader.BpeForWords(parts, steps);
        config.NameByDefault(DefaultSpecial, "bos_token", "eos_token", "unk_token");
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Added = [],
            PreTokenizers = steps,
            Model = model,
            Decoder = [DecoderStep.ByteLevel],
        };
    }

    // One merge a line, in order; a first line that begins with "#version" is none.
    private static BytePairMerges ReadMerges(string path, Dictionary<string, int> vocabulary)
    {
        string text = ReadText(path);
        Dictionary<ulong, Merge> merges = [];
        int number = 0;
        foreach (ReadOnlySpan<char> ended in text.AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> line = ended.TrimEnd();
            number++;
            if (line.IsEmpty || (number == 1 && line.StartsWith("#version")))
                continue;
            string[] parts = line.ToString().Split(' ');
            if (parts.Length != 2 || parts[0].Length == 0)
                throw Refuse(path, number, "two tokens with a space between them", line.ToString());
            int left = IdOf(parts[0], vocabulary, path, number), right = IdOf(parts[1], vocabulary, path, number);
            int merged = IdOf(parts[0] + parts[1], vocabulary, path, number);
            merges[BytePairMerges.KeyOf(left, right)] = new Merge(merges.Count, merged);
        }
        return new BytePairMerges(merges);
    }

    private static int IdOf(string token, Dictionary<string, int> vocabulary, string path, int number) =>
        vocabulary.TryGetValue(token, out int id)
            ? id
            : throw Refuse(path, number, $"a merge of tokens in {TokenizerFiles.Vocabulary}, into one", $"\"{token}\", which is not in it");

    private static NeuralinkException Refuse(string path, int number, string expected, string found) =>
        new($"read {path} at line {number}", expected, found.Length <= 60 ? found : found[..60] + "...");

    private static string ReadText(string path)
    {
        byte[] bytes = FileBytes.Read(path, TokenizerJsonReader.FileBytesMax);
        if (FileKind.Recognize(bytes.AsSpan(0, Math.Min(bytes.Length, FileKind.HeadBytes))) is { IsPlainText: false } kind)
            throw new NeuralinkException($"read {path}", "a list of merges", kind.Name, kind.Advice);
        if (!Utf8.IsValid(bytes))
            throw new NeuralinkException($"read {path}", "text in UTF-8", "bytes that are not UTF-8", "get the file again");
        ReadOnlySpan<byte> content = bytes.AsSpan();
        return Encoding.UTF8.GetString(content.StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content);
    }
}
