using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Tokenizers;

namespace Neuralink.Cli.Tokens;

/// <summary>`neuralink tokenize`: the token ids of texts, as the model sees them.</summary>
internal static class TokenizeCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink tokenize models/tiny-stories --text \"Once upon a time\"",
        "neuralink tokenize Llama-2-7b-hf --file story.txt --json | jq .count",
        "neuralink tokenize opt-1.3b --jsonl texts.jsonl --no-special > ids.jsonl",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string> model = TokenizerArgument.Create();
        Option<string?> text = TypedOption.Text(["--text", "-t"], "TEXT", "The text");
        Option<string?> file = TypedOption.Text(["--file", "-f"], "FILE", "A file with the text, in UTF-8; - is standard input");
        Option<string?> jsonl = TypedOption.Text(
            ["--jsonl"], "FILE",
            "A file with an object {\"text\"} a line; writes an object {\"ids\"} a line, in order; - is standard input");
        Option<bool> noSpecial = new("--no-special") { Description = "Leave out the tokens that the model wants around a text" };
        Option<bool> json = new("--json") { Description = "Print one JSON object with ids, tokens and count instead of the ids" };
        Command command = new("tokenize", "Show the token ids of a text. A folder with nothing but a tokenizer's files will do.")
        {
            model, text, file, jsonl, noSpecial, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            TextSource source = TextSource.Of(
                surroundings, ("--text", parsed.GetValue(text)), ("--file", parsed.GetValue(file)), ("--jsonl", parsed.GetValue(jsonl)));
            Tokenizer tokenizer = TokenizerArgument.Load(parsed.GetRequiredValue(model), surroundings, cancellation);
            bool addsSpecial = !parsed.GetValue(noSpecial);
            if (source.IsLines)
            {
                await source.EachLineAsync("text", "a string", value => value.ValueKind != JsonValueKind.String
                    ? null
                    : JsonSerializer.Serialize(
                        new IdsLine(tokenizer.Encode(value.GetString()!, addsSpecial)), TokensJson.Default.IdsLine), cancellation);
                return ExitCode.Success;
            }
            int[] ids = tokenizer.Encode(await source.ReadAsync(cancellation), addsSpecial);
            surroundings.Out.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(
                    new TokenizeReport(ids, [.. ids.Select(id => tokenizer.TokenOf(id)!)], ids.Length), TokensJson.Default.TokenizeReport)
                : string.Join(' ', ids));
            return ExitCode.Success;
        });
        return command;
    }
}

/// <summary>What `tokenize --json` prints.</summary>
/// <param name="Ids">The token ids.</param>
/// <param name="Tokens">The tokens, as the tokenizer's file spells them.</param>
/// <param name="Count">How many there are.</param>
internal sealed record TokenizeReport(int[] Ids, string[] Tokens, int Count);

/// <summary>A line of `tokenize --jsonl`.</summary>
internal sealed record IdsLine(int[] Ids);

/// <summary>A line of `detokenize --jsonl`, and what `detokenize --json` prints.</summary>
internal sealed record TextLine(string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TokenizeReport))]
[JsonSerializable(typeof(IdsLine))]
[JsonSerializable(typeof(TextLine))]
internal sealed partial class TokensJson : JsonSerializerContext;
