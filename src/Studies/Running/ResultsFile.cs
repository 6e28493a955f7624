using System.Text.Json;
using Neuralink.Storage;
using Neuralink.Storage.Json;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Matrix;

namespace Neuralink.Studies.Running;

/// <summary>
/// results.jsonl of a study's folder: the finished cells, a line each, written when each has finished. So what ends a study keeps all but
/// the cells that were running, and the next run goes on from there.
/// </summary>
internal sealed class ResultsFile : IDisposable
{
    /// <summary>Its name.</summary>
    public const string Name = "results.jsonl";

    private readonly FileStream _stream;
    private readonly string _path;
    private readonly Dictionary<string, (CellResult Result, double Seconds)> _finished = new(StringComparer.Ordinal);

    private ResultsFile(string path, FileStream stream) => (_path, _stream) = (path, stream);

    /// <summary>Opens the file of a folder, which is made where there is none, and reads what is finished.</summary>
    /// <exception cref="NeuralinkException">The folder or file cannot be written, is in use by another run, or has a line that is no
    /// result.</exception>
    public static ResultsFile Open(string folder)
    {
        string path = Path.Combine(folder, Name);
        FileStream stream;
        try
        {
            Directory.CreateDirectory(folder);
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException(
                $"write {path}", "a folder that this run alone may write to", error.Message, "choose another one with -o", error);
        }
        ResultsFile file = new(path, stream);
        try
        {
            file.ReadFinished();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What is known of a cell, or null.</summary>
    public CellOutcome? Find(StudyCell cell) => _finished.TryGetValue(ResultLine.KeyOf(cell), out (CellResult Result, double Seconds) found)
        ? new CellOutcome(cell, found.Result, Failure: null, found.Seconds)
        : null;

    /// <summary>Adds what came of a cell.</summary>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void Add(CellOutcome outcome)
    {
        try
        {
            _stream.Write(ResultLine.Write(outcome));
            _stream.Flush();
        }
        catch (IOException error)
        {
            throw new NeuralinkException($"write {_path}", expected: null, error.Message, "what is finished is kept; run it again", error);
        }
    }

    public void Dispose() => _stream.Dispose();

    // The last line has no line feed where a run was killed while it wrote it: that cell is run again, and writes over it.
    private void ReadFinished()
    {
        byte[] bytes = new byte[_stream.Length];
        _stream.ReadExactly(bytes);
        int start = 0, number = 0;
        while (bytes.AsSpan(start).IndexOf((byte)'\n') is >= 0 and int length)
        {
            number++;
            Keep(bytes.AsSpan(start, length), number);
            start += length + 1;
        }
        _stream.SetLength(start);
        _stream.Position = start;
    }

    private void Keep(ReadOnlySpan<byte> line, int number)
    {
        try
        {
            if (ResultLine.Read(line) is { } found)
                _finished[found.Key] = (found.Result, found.Seconds);
        }
        catch (JsonException error)
        {
            throw new NeuralinkException(
                $"read {_path}, line {number}", "the result of a cell", JsonFile.Shown(error.Message),
                "delete that line, or choose another folder with -o", error);
        }
    }
}
