using Neuralink.Storage;

namespace Neuralink.Cli.Generate;

/// <summary>The file of --trace. It is created before anything is loaded, so that a path which cannot be written is said at once.</summary>
internal sealed class TraceFile : IDisposable
{
    private readonly FileStream _stream;
    private bool _isWritten;

    /// <exception cref="NeuralinkException">It cannot be written.</exception>
    public TraceFile(string path, TimeProvider time)
    {
        try
        {
            _stream = File.Create(path, bufferSize: 0);     // so that closing it writes nothing, and cannot fail
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            string found = Directory.Exists(path) ? "a folder" : error is DirectoryNotFoundException ? "no such folder" : error.Message;
            throw Failure(path, found, error);
        }
        Recorder = new Timeline(time);
    }

    public Timeline Recorder { get; }

    /// <summary>Writes what was recorded.</summary>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void Write()
    {
        _isWritten = true;
        try
        {
            Recorder.Write(_stream);
        }
        catch (IOException error)
        {
            throw Failure(_stream.Name, error.Message, error);
        }
    }

    /// <summary>
    /// Of a generation that failed, writes what was recorded: how it failed matters more than whether that can be written.
    /// </summary>
    public void Dispose()
    {
        try
        {
            if (!_isWritten)
                Write();
        }
        catch (NeuralinkException)
        {
            // The generation's own error is on its way.
        }
        _stream.Dispose();
    }

    private static NeuralinkException Failure(string path, string found, Exception error) =>
        new($"write the trace to {path}", "a file that can be written", found, inner: error);
}
