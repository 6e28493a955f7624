using Neuralink.Cli.Terminal;
using Neuralink.Storage;

namespace Neuralink.Cli.Generate;

/// <summary>Where the prompt comes from: the command line, a file, or standard input.</summary>
internal sealed record PromptSource
{
    private const string StandardInput = "-";

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

    /// <summary>The prompt. One line end at the end of a file or of standard input is the editor's or the shell's, and is dropped.</summary>
    /// <exception cref="NeuralinkException">It cannot be read, or is empty.</exception>
    public async Task<string> ReadAsync(Surroundings surroundings, CancellationToken cancellation)
    {
        string prompt = _text is not null and not StandardInput ? _text : WithoutLineEnd(await ReadStreamAsync(surroundings, cancellation));
        return prompt.Length > 0 ? prompt : throw new NeuralinkException("start the text", "a prompt of at least 1 token", "an empty prompt", "give some text");
    }

    private async Task<string> ReadStreamAsync(Surroundings surroundings, CancellationToken cancellation)
    {
        if (_file is null or StandardInput)
            return await surroundings.In.ReadToEndAsync(cancellation).WaitAsync(cancellation);
        try
        {
            return await File.ReadAllTextAsync(_file, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            string found = error is FileNotFoundException or DirectoryNotFoundException ? "no such file" : error.Message;
            throw new NeuralinkException($"read the prompt from {_file}", "a readable text file", found, inner: error);
        }
    }

    private static string WithoutLineEnd(string text) => text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
}
