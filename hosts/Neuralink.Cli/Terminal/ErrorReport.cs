using Neuralink.Storage;

namespace Neuralink.Cli.Terminal;

/// <summary>Turns whatever ended a command into one line and an exit code.</summary>
internal static class ErrorReport
{
    /// <summary>Writes the line; with <paramref name="verbose"/> the stack trace follows.</summary>
    /// <param name="error">What happened.</param>
    /// <param name="commandPath">The command, as its help is asked for.</param>
    /// <param name="surroundings">Where to.</param>
    /// <param name="verbose">Whether the user asked for stack traces.</param>
    /// <returns>The exit code.</returns>
    public static int Write(Exception error, string commandPath, Surroundings surroundings, bool verbose)
    {
        if (error is ReaderGoneException)
            return ExitCode.ReaderGone;         // as quietly as a program that the signal ends
        TryFlush(surroundings.Out);
        (int code, string line) = error switch
        {
            CancelledException => (ExitCode.Cancelled, error.Message),
            OperationCanceledException => (ExitCode.Cancelled, "cancelled"),
            UsageException => (ExitCode.Usage, $"error: {error.Message}; see '{commandPath} --help'"),
            NeuralinkException => (ExitCode.Failure, $"error: {error.Message}"),
            IOException or UnauthorizedAccessException => (ExitCode.Failure, $"error: {error.Message}"),
            _ => (
                ExitCode.Unexpected,
                $"error: {error.Message} (this is a bug{(verbose ? "" : "; run again with --verbose for the stack trace")})"),
        };
        surroundings.Note(OneLine(line));
        if (verbose && code != ExitCode.Cancelled)
            surroundings.Error.WriteLine(error);
        return code;
    }

    /// <summary>What has been written comes before the error; unless writing it is the error.</summary>
    private static void TryFlush(TextWriter writer)
    {
        try
        {
            writer.Flush();
        }
        catch (Exception error) when (error is IOException or NeuralinkException)
        {
            // The error being reported is this one, met earlier.
        }
    }

    // A file name may hold anything; the report stays one line, and a terminal is not steered by it.
    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}

/// <summary>The user ended the command; the message says how far it had come.</summary>
internal sealed class CancelledException(string message, Exception inner) : Exception(message, inner);

/// <summary>The command line itself is wrong. The message says what was expected and what was found.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);
