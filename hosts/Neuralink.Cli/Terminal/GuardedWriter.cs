using System.Text;
using Neuralink.Storage;

namespace Neuralink.Cli.Terminal;

/// <summary>A writer whose failures are dealt with in one place.</summary>
/// <param name="inner">What is written to.</param>
/// <param name="fail">What becomes of a failure: it returns if the failure does not matter, or throws what is to be told.</param>
internal sealed class GuardedWriter(TextWriter inner, Action<IOException> fail) : TextWriter
{
    /// <summary>Over what must be written, or the command fails.</summary>
    public static TextWriter OfResult(TextWriter inner) => new GuardedWriter(inner, static error => throw (error is ReaderGoneException
        ? error
        : new NeuralinkException(
            "write to standard output", expected: null, error.Message, "free some space or write to another file", error)));

    /// <summary>Over what is good to have.</summary>
    public static TextWriter OfNotes(TextWriter inner) => new GuardedWriter(inner, static _ => { });

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Guard(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Guard(() => inner.Write(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Write(string? value) => Guard(() => inner.Write(value));

    public override void WriteLine() => Guard(inner.WriteLine);

    public override void WriteLine(string? value) => Guard(() => inner.WriteLine(value));

    public override void Flush() => Guard(inner.Flush);

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (IOException error)
        {
            fail(error);
        }
    }
}
