using System.Text;
using Neuralink.Storage;

namespace Neuralink.Cli.Terminal;

/// <summary>Lines that a user types, or that standard input holds.</summary>
internal abstract class LineInput
{
    /// <summary>The next line, or null where there is none.</summary>
    public abstract Task<string?> ReadAsync(CancellationToken cancellation);

    /// <param name="surroundings">Has the keys of a terminal, or standard input.</param>
    /// <param name="prompt">Is shown on a terminal.</param>
    public static LineInput Of(Surroundings surroundings, string prompt) => surroundings.Keys is { } keys
        ? new TypedLines(surroundings, keys, prompt)
        : new StreamLines(surroundings);
}

/// <summary>Lines of standard input, which must be UTF-8.</summary>
internal sealed class StreamLines(Surroundings surroundings) : LineInput
{
    private const string Operation = "read standard input";

    private readonly StreamReader? _reader = surroundings.In is { } input
        ? new StreamReader(input, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true))
        : null;

    public override async Task<string?> ReadAsync(CancellationToken cancellation)
    {
        if (_reader is null)
            throw new NeuralinkException(Operation, "an open one", "it is closed", "give the messages, a line each");
        try
        {
            // A read of standard input does not end by itself when it is cancelled.
            return await _reader.ReadLineAsync(cancellation).AsTask().WaitAsync(cancellation);
        }
        catch (DecoderFallbackException error)
        {
            throw new NeuralinkException(Operation, "text in UTF-8", "other bytes", "convert it to UTF-8", error);
        }
        catch (IOException error)
        {
            throw new NeuralinkException(Operation, "a file, a pipe or a terminal", error.Message, inner: error);
        }
    }
}

/// <summary>Lines that are typed on a terminal, with an editor and a history.</summary>
internal sealed class TypedLines(Surroundings surroundings, TerminalKeys keys, string prompt) : LineInput
{
    private readonly LineEditor _editor = new();

    public override Task<string?> ReadAsync(CancellationToken cancellation) => Task.Run(Read, cancellation).WaitAsync(cancellation);

    private string? Read()
    {
        using IDisposable raw = keys.TakeControlC();
        TerminalLine line = new(surroundings.Out, prompt, keys.Width);
        bool isAbandoned = false;
        for (_editor.Begin(); ;)
        {
            line.Draw(_editor.Text, _editor.Cursor);
            LineEdit edit = LineEdit.Changed;
            while (edit == LineEdit.Changed)
            {
                edit = _editor.Press(keys.Read(), keys.IsMoreThere());
                if (!keys.IsMoreThere())
                    break;      // a paste is drawn once
            }
            if (edit == LineEdit.Changed)
                continue;
            line.End(_editor.Text);
            if (edit == LineEdit.Submitted)
                return _editor.Text;
            // Ctrl-C gives up the line; where there is none, twice is meant.
            bool isEmpty = _editor.Text.Length == 0;
            if (edit == LineEdit.Ended || (isEmpty && isAbandoned))
                return null;
            isAbandoned = isEmpty;
            if (isEmpty)
                surroundings.Note("Ctrl-C again, Ctrl-D or /exit ends");
            _editor.Begin();
        }
    }
}

/// <summary>The keys of a terminal.</summary>
/// <param name="Read">Waits for the next one, which is not shown.</param>
/// <param name="IsMoreThere">Whether one is there without waiting: text is being pasted.</param>
/// <param name="Width">Columns of the terminal.</param>
/// <param name="TakeControlC">Until the result is disposed, Ctrl-C is a key and no signal.</param>
internal sealed record TerminalKeys(Func<ConsoleKeyInfo> Read, Func<bool> IsMoreThere, Func<int> Width, Func<IDisposable> TakeControlC)
{
    /// <summary>The console's.</summary>
    public static TerminalKeys OfConsole() => new(
        () => Console.ReadKey(intercept: true), () => Console.KeyAvailable, () => Console.WindowWidth > 0 ? Console.WindowWidth : 80,
        () => new ControlCAsKey());

    private sealed class ControlCAsKey : IDisposable
    {
        public ControlCAsKey() => Console.TreatControlCAsInput = true;

        public void Dispose() => Console.TreatControlCAsInput = false;
    }
}
