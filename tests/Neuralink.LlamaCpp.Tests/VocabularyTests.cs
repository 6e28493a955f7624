using System.Text;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Gguf;
using Neuralink.Models.Tokenizers.Subwords;
using Neuralink.Storage.Gguf;

namespace Neuralink.LlamaCpp.Tests;

/// <summary>A GGUF's vocabulary gives the tokens that llama.cpp makes with it.</summary>
public sealed class VocabularyTests : IDisposable
{
    private const int TextsCount = 150;

    private static readonly string[] s_parts =
    [
        "a", "The", "bird", "WORLD", "don't", "I'LL", "'s", "'RE", "x'y", "1", "22", "333", "4444", "\u0660\u0661\u0662", "\u00BD", "é",
        "naïve", "ÑANDÚ", "\u5929\u5730", "\u3042", "\uAC00\uB098", "\u0416\u0443\u043A", "\u05E9\u05DC", "\U0001F600",
        "\U0001F469\u200D\U0001F52C",
        " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\u00A0", "\u3000", "\u2028", "!", "?!", "...", "$5", "a_b", "<=>", "^~|`",
        "(x)", "\"q\"",
        "\u201Cq\u201D", "\u2014", "\u20AC", "\u0301", "#include", "/*", "=", "+", "-", "\\",
    ];

    private static readonly Lazy<(string[] Tokens, string[] Merges)> s_trained = new(Train);

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("neuralink-test-").FullName, "vocabulary.gguf");

    public static TheoryData<string> PreTokenizers => new(GgufPreTokenizers.Names);

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Theory]
    [MemberData(nameof(PreTokenizers))]
    public void A_pre_tokenizers_name_means_what_llama_cpp_means_by_it(string name)
    {
        (string[] tokens, string[] merges) = s_trained.Value;
        Write(
            ("tokenizer.ggml.model", GgufValue.Of("gpt2")), ("tokenizer.ggml.pre", GgufValue.Of(name)),
            ("tokenizer.ggml.tokens", GgufValue.Of(tokens)), ("tokenizer.ggml.merges", GgufValue.Of(merges)),
            ("tokenizer.ggml.token_type", GgufValue.Of([.. tokens.Select((_, id) => id == 0 ? 3 : 1)])),
            ("tokenizer.ggml.bos_token_id", GgufValue.Of(0)), ("tokenizer.ggml.eos_token_id", GgufValue.Of(0)));

        SameTokens();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_SentencePiece_vocabulary_is_merged_by_scores_as_in_llama_cpp(bool addsSpace)
    {
        string[] pieces =
        [
            "<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"),
            .. "etaoinshrdlcumwfgypbvkTIW'1234.,!?\u2581\u5929\u0416".Select(c => c.ToString()),
            "th", "the", "\u2581t", "\u2581the", "in", "an", "er", "ird", "\u2581bird", "bi", "rd", "b\u2581", "\u2581\u2581", "12",
            "123", "'s", "on't",
        ];
        float[] scores = [.. pieces.Select((piece, id) => piece.Length == 1 || id < 259 ? 0 : -(id % 7) - 1f)];
        Write(
            ("tokenizer.ggml.model", GgufValue.Of("llama")), ("tokenizer.ggml.tokens", GgufValue.Of(pieces)),
            ("tokenizer.ggml.scores", GgufValue.Of(scores)), ("tokenizer.ggml.add_space_prefix", GgufValue.Of(addsSpace)),
            ("tokenizer.ggml.token_type", GgufValue.Of([.. pieces.Select((_, id) => id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)])),
            ("tokenizer.ggml.bos_token_id", GgufValue.Of(1)), ("tokenizer.ggml.eos_token_id", GgufValue.Of(2)),
            ("tokenizer.ggml.unknown_token_id", GgufValue.Of(0)));

        SameTokens();
    }

    /// <summary>
    /// Byte-pair encoding of texts that nothing has cut before, so that every place where a pre-tokenizer cuts or does not shows.
    /// </summary>
    private static (string[] Tokens, string[] Merges) Train()
    {
        const int mergesCount = 900;
        Random random = new(1);
        List<string>[] texts = [.. Enumerable.Range(0, 400).Select(_ => Text(random)).Select(Symbols)];
        List<string> tokens = ["<|endoftext|>", .. Enumerable.Range(0, 256).Select(value => $"{ByteAlphabet.ToChar((byte)value)}")];
        List<string> merges = [];
        while (merges.Count < mergesCount)
        {
            (string left, string right) = texts.SelectMany(text => text.Zip(text.Skip(1))).CountBy(pair => pair)
                .OrderByDescending(pair => pair.Value).ThenBy(pair => $"{pair.Key}", StringComparer.Ordinal).First().Key;
            merges.Add($"{left} {right}");
            if (!tokens.Contains(left + right))
                tokens.Add(left + right);
            Array.ForEach(texts, text => Join(text, left, right));
        }
        return ([.. tokens], [.. merges]);
    }

    private static List<string> Symbols(string text) =>
        [.. Encoding.UTF8.GetBytes(text).Select(value => $"{ByteAlphabet.ToChar(value)}")];

    private static void Join(List<string> symbols, string left, string right)
    {
        for (int i = 0; i + 1 < symbols.Count; i++)
        {
            if (symbols[i] == left && symbols[i + 1] == right)
            {
                symbols[i] += right;
                symbols.RemoveAt(i + 1);
            }
        }
    }

    private void Write(params (string Key, GgufValue Value)[] tokenizer)
    {
        (string, GgufValue)[] model =
        [
            ("general.architecture", GgufValue.Of("llama")), ("llama.context_length", GgufValue.Of(128)),
            ("llama.embedding_length", GgufValue.Of(32)), ("llama.block_count", GgufValue.Of(1)),
            ("llama.feed_forward_length", GgufValue.Of(32)), ("llama.attention.head_count", GgufValue.Of(2)),
            ("llama.attention.layer_norm_rms_epsilon", GgufValue.Of(1e-5f)), ("llama.rope.dimension_count", GgufValue.Of(16)),
        ];
        using GgufWriter writer = GgufWriter.Create(
            _path, [.. model.Concat(tokenizer).Select(pair => KeyValuePair.Create(pair.Item1, pair.Item2))], []);
        writer.Complete();
    }

    private void SameTokens()
    {
        Tokenizer ours = Tokenizer.Load(_path);
        using LlamaCpp theirs = new(_path, onlyVocabulary: true);
        Random random = new(20260);
        for (int i = 0; i < TextsCount; i++)
        {
            string text = Text(random);
            ours.Encode(text).Should().Equal(theirs.Tokenize(text, addsSpecial: true), "of \"{0}\"", text);
            ours.Encode(text, addSpecialTokens: false).Should().Equal(theirs.Tokenize(text, addsSpecial: false), "of \"{0}\"", text);
        }
    }

    private static string Text(Random random)
    {
        StringBuilder text = new();
        for (int i = random.Next(1, 14); i > 0; i--)
        {
            text.Append(s_parts[random.Next(s_parts.Length)]);
            if (random.Next(3) == 0)
                text.Append(' ');
            if (random.Next(20) == 0)
                text.Append("<|endoftext|></s>");
        }
        return text.ToString();
    }
}
