using Neuralink.Actors.Tracing;
using Neuralink.Storage;

namespace Neuralink.Cli.Generate;

/// <summary>The file of --trace. It is created before anything is loaded, so that a path which cannot be written is said at once.</summary>
internal sealed class TraceFile : IDisposable
{
    private readonly FileStream _stream;

    /// <exception cref="NeuralinkException">It cannot be written.</exception>
    public TraceFile(string path, TimeProvider time)
    {
        try
        {
            _stream = File.Create(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            string found = error is DirectoryNotFoundException ? "no such folder" : error.Message;
            throw new NeuralinkException($"write the trace to {path}", "a file that can be written", found, inner: error);
        }
        Recorder = new TraceRecorder(time);
    }

    public TraceRecorder Recorder { get; }

    /// <summary>Writes what was recorded, also of a generation that failed.</summary>
    public void Dispose()
    {
        Recorder.Write(_stream);
        _stream.Dispose();
    }
}
