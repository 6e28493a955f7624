using System.Text.Json;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;

namespace Neuralink.Cli.Tokens;

/// <summary>Where texts or ids come from: the command line, a file, or the lines of one.</summary>
internal sealed class TextSource
{
    private const string StandardInput = "-";
    private const int ShownCharsMax = 60;

    private readonly Surroundings _surroundings;
    private readonly string? _text;
    private readonly string _path;

    private TextSource(Surroundings surroundings, string? text, string path, bool isLines)
    {
        _surroundings = surroundings;
        _text = text;
        _path = path;
        IsLines = isLines;
    }

    /// <summary>Whether each line is one text.</summary>
    public bool IsLines { get; }

    /// <summary>What reading it is, for an error.</summary>
    public string Operation => _text is not null ? "read the command line" : $"read {(_path == StandardInput ? "standard input" : _path)}";

    /// <summary>The one of three options that is given: the text itself, a file, a file of lines.</summary>
    /// <exception cref="UsageException">None or several are.</exception>
    public static TextSource Of(
        Surroundings surroundings, (string Name, string? Value) text, (string Name, string? Value) file, (string Name, string? Value) lines)
    {
        string[] given =
        [
            .. from option in ((string Name, string? Value)[])[text, file, lines] where option.Value is not null select option.Name
        ];
        if (given.Length != 1)
        {
            throw new UsageException(
                $"expected one of {text.Name}, {file.Name} and {lines.Name}, found "
                + $"{(given.Length == 0 ? "none" : string.Join(" and ", given))}");
        }
        return new TextSource(surroundings, text.Value, file.Value ?? lines.Value ?? "", isLines: lines.Value is not null);
    }

    /// <exception cref="NeuralinkException">It cannot be read, or is not UTF-8.</exception>
    public async Task<string> ReadAsync(CancellationToken cancellation)
    {
        if (_text is not null)
            return _text;
        return _path != StandardInput
            ? await Utf8Text.ReadFileAsync(_path, Operation, cancellation)
            : await Utf8Text.ReadInputAsync(_surroundings, Operation, "name a file instead", cancellation);
    }

    /// <summary>Writes a line for each line, in order.</summary>
    /// <param name="name">The field of each line's object.</param>
    /// <param name="kind">What it must be, for an error.</param>
    /// <param name="answer">Makes the line to write of its value, or null of one that is of another kind.</param>
    /// <param name="cancellation">Ends it between lines.</param>
    /// <exception cref="NeuralinkException">The file cannot be read, or a line is not as it must be; the
    /// message has its number.</exception>
    public async Task EachLineAsync(string name, string kind, Func<JsonElement, string?> answer, CancellationToken cancellation)
    {
        using StringReader lines = new(await ReadAsync(cancellation));
        for (int number = 1; lines.ReadLine() is { } line; number++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (line.AsSpan().IsWhiteSpace())
                continue;
            NeuralinkException Refuse(Exception? inner) => new(
                $"{Operation} at line {number}", $"a JSON object with \"{name}\", {kind}",
                line.Length <= ShownCharsMax ? line : line[..ShownCharsMax] + "...", inner: inner);
            try
            {
                using JsonDocument document = JsonDocument.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false });
                JsonElement root = document.RootElement;
                bool isThere = root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out _);
                _surroundings.Out.WriteLine((isThere ? answer(root.GetProperty(name)) : null) ?? throw Refuse(null));
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                throw Refuse(error);                                   // InvalidOperationException is half a surrogate pair
            }
        }
    }
}
