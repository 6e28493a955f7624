using Neuralink.Cli.Terminal;
using Neuralink.Storage;

namespace Neuralink.Cli.Generate;

/// <summary>Where the prompt comes from: the command line, a file, or standard input.</summary>
internal sealed record PromptSource
{
    private const string StandardInput = "-";
    private const char ByteOrderMark = '\ufeff';

    private readonly string? _text;
    private readonly string? _file;

    /// <param name="text">--prompt.</param>
    /// <param name="file">--file.</param>
    /// <exception cref="UsageException">Neither or both.</exception>
    public PromptSource(string? text, string? file)
    {
        if ((text is null) == (file is null))
            throw new UsageException($"expected a prompt from one of --prompt and --file, found {(text is null ? "neither" : "both")}");
        (_text, _file) = (text, file);
    }

    /// <summary>
    /// The prompt. One line end at the end of a file or of standard input is the editor's or the shell's, and is dropped.
    /// </summary>
    /// <exception cref="NeuralinkException">It cannot be read, or is empty.</exception>
    public async Task<string> ReadAsync(Surroundings surroundings, CancellationToken cancellation)
    {
        string prompt = _text is not null and not StandardInput
            ? _text.TrimStart(ByteOrderMark)
            : WithoutLineEnd(await ReadStreamAsync(surroundings, cancellation));
        return prompt.Length > 0
            ? prompt
            : throw new NeuralinkException("start the text", "a prompt of at least 1 token", "an empty prompt", "give some text");
    }

    private Task<string> ReadStreamAsync(Surroundings surroundings, CancellationToken cancellation) => _file is not (null or StandardInput)
        ? Utf8Text.ReadFileAsync(_file, $"read the prompt from {_file}", cancellation)
        : Utf8Text.ReadInputAsync(
            surroundings, "read the prompt from standard input", "give the prompt with --prompt or --file", cancellation);

    private static string WithoutLineEnd(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
}
