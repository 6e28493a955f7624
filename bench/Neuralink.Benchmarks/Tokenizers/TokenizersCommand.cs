using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;
using Neuralink.Storage.Gguf;
using Tokenizer = Neuralink.Models.Tokenizers.Tokenizer;

namespace Neuralink.Benchmarks.Tokenizers;

/// <summary>
/// Tokens of a text a second, beside those of Microsoft.ML.Tokenizers with the same vocabulary: GPT-2's, from a GGUF, and a SentencePiece
/// model. The text is Markdown and C#. The first round is shown apart: words are kept from it on, here and there.
/// </summary>
internal static partial class TokenizersCommand
{
    private const int TextBytes = 1_000_000;

    public static int Run(string[] arguments)
    {
        string? gpt2 = Value(arguments, "--gpt2"), llama = Value(arguments, "--sentencepiece");
        int rounds = int.Parse(Value(arguments, "--rounds") ?? "7", CultureInfo.InvariantCulture);
        string text = Text(Value(arguments, "--text") ?? ".");
        Console.WriteLine($"{Encoding.UTF8.GetByteCount(text)} bytes, best of {rounds} rounds; MB/s of text");
        if (gpt2 is not null)
        {
            Measure("GPT-2", "this engine", () => Ours(gpt2), text, rounds);
            Measure("GPT-2", "BpeTokenizer", () => Bpe(gpt2), text, rounds);
            Measure("GPT-2", "TiktokenTokenizer", () => Tiktoken(gpt2), text, rounds);
        }
        if (llama is not null)
        {
            Measure("SentencePiece", "this engine", () => Ours(llama), text, rounds);
            Measure("SentencePiece", "LlamaTokenizer", () => Llama(llama), text, rounds);
        }
        return 0;
    }

    private static Func<string, int> Ours(string path)
    {
        Tokenizer tokenizer = Tokenizer.Load(path);
        return text => tokenizer.Encode(text, addSpecialTokens: false).Length;
    }

    private static Func<string, int> Bpe(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        BpeTokenizer tokenizer = BpeTokenizer.Create(new BpeOptions(
            file.Metadata.Texts("tokenizer.ggml.tokens")!.Select((token, id) => KeyValuePair.Create(token, id)))
        {
            Merges = file.Metadata.Texts("tokenizer.ggml.merges"),
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(Gpt2Words(), specialTokens: null),
        });
        return text => tokenizer.EncodeToIds(text).Count;
    }

    // A token a line, in base 64, with its rank.
    private static Func<string, int> Tiktoken(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        StringBuilder lines = new();
        foreach ((int id, string token) in file.Metadata.Texts("tokenizer.ggml.tokens")!.SkipLast(1).Index())
        {
            byte[] bytes = [.. token.Select(Byte)];
            lines.Append(CultureInfo.InvariantCulture, $"{Convert.ToBase64String(bytes)} {id}\n");
        }
        using MemoryStream ranks = new(Encoding.ASCII.GetBytes(lines.ToString()));
        TiktokenTokenizer tokenizer = TiktokenTokenizer.Create(ranks, new RegexPreTokenizer(Gpt2Words(), specialTokens: null), null);
        return text => tokenizer.EncodeToIds(text).Count;
    }

    private static Func<string, int> Llama(string path)
    {
        using FileStream file = File.OpenRead(Path.Combine(path, "tokenizer.model"));
        LlamaTokenizer tokenizer = LlamaTokenizer.Create(file, addBeginOfSentence: false, addEndOfSentence: false);
        return text => tokenizer.EncodeToIds(text).Count;
    }

    // GPT-2's alphabet for bytes: those that are printable in Latin-1 are themselves, the others follow from U+0100 on.
    private static byte Byte(char letter)
    {
        if (letter < 256)
            return (byte)letter;
        int[] others = [.. Enumerable.Range(0, 256).Where(b => b is not (>= 33 and <= 126 or >= 161 and <= 172 or >= 174))];
        return (byte)others[letter - 256];
    }

    private static void Measure(string vocabulary, string name, Func<Func<string, int>> load, string text, int rounds)
    {
        Func<string, int> encode = load();
        encode(text[..1000]);
        double[] millis = new double[rounds];
        int tokens = 0;
        for (int i = 0; i < rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            tokens = encode(text);
            millis[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        double megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
        Console.WriteLine(
            $"{vocabulary,-14} {name,-18} first {megabytes / millis[0] * 1000,6:0.0}, best {megabytes / millis.Min() * 1000,6:0.0}; "
            + $"{tokens} tokens");
    }

    private static string Text(string path)
    {
        if (File.Exists(path))
            return File.ReadAllText(path);
        string[] skipped = ["bin", "obj", ".git"];
        StringBuilder text = new();
        IEnumerable<string> files = Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".md", StringComparison.Ordinal) || file.EndsWith(".cs", StringComparison.Ordinal))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Intersect(skipped, StringComparer.Ordinal).Any())
            .OrderByDescending(file => file.EndsWith(".md", StringComparison.Ordinal)).ThenBy(file => file, StringComparer.Ordinal);
        foreach (string file in files.TakeWhile(_ => text.Length < TextBytes))
            text.Append(File.ReadAllText(file));
        return text.ToString(0, Math.Min(TextBytes, text.Length));
    }

    private static string? Value(string[] arguments, string name) =>
        Array.IndexOf(arguments, name) is >= 0 and int at && at + 1 < arguments.Length ? arguments[at + 1] : null;

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Gpt2Words();
}
