using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Neuralink.Placement;
using Neuralink.Placement.Traces;

namespace Neuralink.Storage.Traces;

/// <summary>
/// Writes an activation trace. Every size is known beforehand. So the whole file is reserved, as TRACE.partial, and rows are written to
/// their places in any order, on any threads. <see cref="MarkDone"/> notes how many tokens are complete, once their rows are on the disk.
/// Opening the same trace again continues from there. <see cref="Complete"/> renames the file to TRACE. Whatever happens in between, a
/// file TRACE is always whole.
/// </summary>
public sealed class ActivationTraceWriter : IDisposable
{
    // The bytes of one write. A whole layer of a large trace does not fit into a span.
    private const int PieceBytes = 8 << 20;

    private readonly SafeFileHandle _file;
    private readonly string _partialPath;
    private readonly bool _replace;
    private readonly long _dataOffset;
    private readonly long[] _written;          // [layers], tokens whose rows are written
    private readonly long[] _inputsWritten;    // [layers], tokens whose inputs are written
    private int _turn;

    private ActivationTraceWriter(string path, ActivationTraceInfo info, bool replace, ActivationTracePartial partial)
    {
        Path = path;
        Info = info;
        _replace = replace;
        _file = partial.File;
        _partialPath = partial.Path;
        _dataOffset = partial.DataOffset;
        TokensDone = partial.TokensDone;
        _turn = partial.NextTurn;
        _written = new long[info.LayerCount];
        Array.Fill(_written, TokensDone);
        _inputsWritten = info.InputSize is null ? [] : [.. _written];
    }

    /// <summary>The finished file.</summary>
    public string Path { get; }

    /// <summary>What the trace will say about itself.</summary>
    public ActivationTraceInfo Info { get; }

    /// <summary>
    /// The number of tokens, from the first one on, whose rows of all layers are on the disk. After <see cref="Open"/>, it is the
    /// token to continue with.
    /// </summary>
    public int TokensDone { get; private set; }

    /// <summary>Begins a trace, or continues an unfinished one of the same model, texts and sizes.</summary>
    /// <param name="path">The finished file.</param>
    /// <param name="info">What the trace will say about itself.</param>
    /// <param name="replace">
    /// Whether an unfinished trace of something else is discarded, and a finished one is replaced once this one is complete.
    /// </param>
    /// <exception cref="NeuralinkException">
    /// The trace exists, or an unfinished one of something else exists; or the file cannot be created, or the disk has no room for it.
    /// </exception>
    public static ActivationTraceWriter Open(string path, ActivationTraceInfo info, bool replace = false)
    {
        if (ActivationTraceFormat.Contradiction(info) is { } expected)
        {
            string found = $"{info.TokenCount} tokens of {info.LayerCount} layers of {info.NeuronCount} neurons";
            throw new NeuralinkException($"write {path}", expected, found, "trace fewer tokens");
        }
        CheckName(path, replace);
        return new ActivationTraceWriter(path, info, replace, ActivationTracePartial.Open($"{path}.partial", info, replace));
    }

    /// <summary>
    /// Checks whether a trace may be written at <paramref name="path"/>, so that no long work before <see cref="Open"/> is in vain.
    /// </summary>
    /// <exception cref="NeuralinkException">It may not: a folder is there, or a file that must not be replaced.</exception>
    public static void CheckName(string path, bool replace)
    {
        if (Directory.Exists(path))
            throw new NeuralinkException($"write {path}", "the name of a file", "a folder", "choose another name");
        if (!replace && File.Exists(path))
            throw new NeuralinkException($"write {path}", "no such file", "it exists", "choose another name, or replace it with --force");
    }

    /// <summary>Writes rows of one layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="firstToken">The token of the first row.</param>
    /// <param name="rows">[tokens, <see cref="ActivationMatrix.WordsPerToken"/>], in the layout of <see cref="ActivationMatrix"/>.</param>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void Write(LayerIndex layer, int firstToken, ReadOnlySpan<ulong> rows)
    {
        int rowWords = Info.RowBytes / sizeof(ulong), count = rows.Length / rowWords;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer.Value, (uint)Info.LayerCount, nameof(layer));
        if (rows.Length % rowWords != 0 || firstToken < 0 || firstToken > Info.TokenCount - count)
        {
            string expected = $"Whole rows of {rowWords} words within {Info.TokenCount} tokens expected";
            throw new ArgumentException($"{expected}; {rows.Length} words at token {firstToken} given.", nameof(rows));
        }
        WriteAt(_dataOffset + ((((long)layer.Value * Info.TokenCount) + firstToken) * Info.RowBytes), rows);
        _ = Interlocked.Add(ref _written[layer.Value], count);
    }

    /// <summary>Writes FFN inputs of one layer. The trace must have inputs.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="firstToken">The token of the first row.</param>
    /// <param name="rows">[tokens, d].</param>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void WriteInputs(LayerIndex layer, int firstToken, ReadOnlySpan<Half> rows)
    {
        int size = Info.InputSize ?? throw new InvalidOperationException("The trace has no inputs."), count = rows.Length / size;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer.Value, (uint)Info.LayerCount, nameof(layer));
        if (rows.Length % size != 0 || firstToken < 0 || firstToken > Info.TokenCount - count)
        {
            string expected = $"Whole rows of {size} values within {Info.TokenCount} tokens expected";
            throw new ArgumentException($"{expected}; {rows.Length} values at token {firstToken} given.", nameof(rows));
        }
        WriteAt(_dataOffset + Info.FiredBytes + ((((long)layer.Value * Info.TokenCount) + firstToken) * Info.InputBytes), rows);
        _ = Interlocked.Add(ref _inputsWritten[layer.Value], count);
    }

    /// <summary>
    /// Flushes all rows to the disk, and then notes that the first <paramref name="tokens"/> tokens are written in every layer.
    /// </summary>
    /// <exception cref="NeuralinkException">The disk fails.</exception>
    public void MarkDone(int tokens)
    {
        if (tokens < TokensDone || tokens > Info.TokenCount)
            throw new ArgumentOutOfRangeException(nameof(tokens), tokens, $"{TokensDone}..{Info.TokenCount} expected.");
        try
        {
            RandomAccess.FlushToDisk(_file);
            ActivationTraceProgress.Write(_file, _dataOffset + Info.DataBytes, _turn++, tokens);
            RandomAccess.FlushToDisk(_file);
        }
        catch (IOException error)
        {
            throw WriteFailure.Describe(_partialPath, error);
        }
        TokensDone = tokens;
    }

    /// <summary>Completes the trace: every byte is on the disk, and the file has its name.</summary>
    /// <exception cref="InvalidOperationException">Rows are missing.</exception>
    /// <exception cref="NeuralinkException">The disk fails, or a file of that name exists by now.</exception>
    public void Complete()
    {
        RequireAll(_written, "tokens");
        RequireAll(_inputsWritten, "tokens' inputs");
        if (TokensDone < Info.TokenCount)
            MarkDone(Info.TokenCount);
        try
        {
            RandomAccess.SetLength(_file, _dataOffset + Info.DataBytes);
            RandomAccess.FlushToDisk(_file);
            _file.Dispose();
            File.Move(_partialPath, Path, _replace);
            AtomicFolder.FlushFolder(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(Path, error);
        }
    }

    /// <summary>Closes the file. An incomplete trace stays on the disk and can be continued.</summary>
    public void Dispose() => _file.Dispose();

    private void WriteAt<T>(long offset, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        int pieceLength = PieceBytes / Unsafe.SizeOf<T>();
        try
        {
            for (int begin = 0; begin < values.Length; begin += pieceLength)
            {
                ReadOnlySpan<byte> piece = MemoryMarshal.AsBytes(values.Slice(begin, Math.Min(pieceLength, values.Length - begin)));
                RandomAccess.Write(_file, piece, offset + ((long)begin * Unsafe.SizeOf<T>()));
            }
        }
        catch (IOException error)
        {
            throw WriteFailure.Describe(_partialPath, error);
        }
    }

    private void RequireAll(long[] written, string what)
    {
        int missing = Array.FindIndex(written, tokens => tokens < Info.TokenCount);
        if (missing >= 0)
            throw new InvalidOperationException($"Layer {missing} has {written[missing]} of {Info.TokenCount} {what}.");
    }
}
