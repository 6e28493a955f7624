using System.CommandLine;
using System.Text.Json;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Cli.Tokens;

/// <summary>`neuralink detokenize`: the text of token ids.</summary>
internal static class DetokenizeCommand
{
    private static readonly char[] s_separators = [' ', ',', '\t', '\r', '\n', '[', ']'];

    public static string[] Examples { get; } =
    [
        "neuralink detokenize models/tiny-stories --ids \"7454 2402 257 640\"",
        "neuralink detokenize Llama-2-7b-hf --jsonl ids.jsonl > texts.jsonl",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string> model = TokenizerArgument.Create();
        Option<string?> ids = TypedOption.Text(["--ids"], "IDS", "The token ids, with spaces or commas between them");
        Option<string?> file = TypedOption.Text(["--file", "-f"], "FILE", "A file with the ids; - is standard input");
        Option<string?> jsonl = TypedOption.Text(
            ["--jsonl"], "FILE",
            "A file with an object {\"ids\"} a line; writes an object {\"text\"} a line, in order; - is standard input");
        Option<bool> special = new("--special") { Description = "Show special tokens too" };
        Option<bool> json = new("--json") { Description = "Print one JSON object with the text" };
        Command command = new("detokenize", "Show the text of token ids. A folder with nothing but a tokenizer's files will do.")
        {
            model, ids, file, jsonl, special, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            TextSource source = TextSource.Of(
                surroundings, ("--ids", parsed.GetValue(ids)), ("--file", parsed.GetValue(file)), ("--jsonl", parsed.GetValue(jsonl)));
            Tokenizer tokenizer = TokenizerArgument.Load(parsed.GetRequiredValue(model), surroundings, cancellation);
            bool skips = !parsed.GetValue(special);
            if (source.IsLines)
            {
                await source.EachLineAsync(
                    "ids", "a list of token ids", value =>
                        IdsOf(value) is { } line ? ToJson(tokenizer.Decode(line, skips)) : null, cancellation);
                return ExitCode.Success;
            }
            string text = tokenizer.Decode(Read(await source.ReadAsync(cancellation), source.Operation), skips);
            surroundings.Out.WriteLine(parsed.GetValue(json) ? ToJson(text) : text);
            return ExitCode.Success;
        });
        return command;
    }

    private static int[]? IdsOf(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array)
            return null;
        List<int> ids = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out int id) || id < 0)
                return null;
            ids.Add(id);
        }
        return [.. ids];
    }

    private static string ToJson(string text) => JsonSerializer.Serialize(new TextLine(text), TokensJson.Default.TextLine);

    private static int[] Read(string text, string operation) => [.. text
        .Split(s_separators, StringSplitOptions.RemoveEmptyEntries)
        .Select(word => int.TryParse(word, out int id) && id >= 0
            ? id
            : throw new NeuralinkException(operation, "token ids, whole numbers of at least 0", $"'{word}'"))];
}
