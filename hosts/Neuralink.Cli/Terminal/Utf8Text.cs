using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Neuralink.Storage;

namespace Neuralink.Cli.Terminal;

/// <summary>
/// Reads text that must be UTF-8. Bytes that are not would become U+FFFD, and the model would continue a text that nobody wrote. A byte
/// order mark at the beginning is an editor's, and is dropped.
/// </summary>
internal static class Utf8Text
{
    private const string Expected = "text in UTF-8", Advice = "convert it to UTF-8";

    // UTF-32's little-endian mark begins with UTF-16's, so it is looked for first.
    private static readonly (string Name, byte[] Mark)[] s_otherMarks =
    [
        ("UTF-32, little-endian", [0xff, 0xfe, 0, 0]), ("UTF-32, big-endian", [0, 0, 0xfe, 0xff]),
        ("UTF-16, little-endian", [0xff, 0xfe]), ("UTF-16, big-endian", [0xfe, 0xff]),
    ];

    /// <param name="path">The file; a pipe will do.</param>
    /// <param name="operation">What is being done, for an error.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="NeuralinkException">The file cannot be read, or is not UTF-8.</exception>
    public static async Task<string> ReadFileAsync(string path, string operation, CancellationToken cancellation)
    {
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(path, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            string found = Directory.Exists(path) ? "a folder"
                : error is FileNotFoundException or DirectoryNotFoundException ? "no such file"
                : error.Message;
            throw new NeuralinkException(operation, "a readable text file", found, inner: error);
        }
        return Decode(bytes, operation);
    }

    /// <summary>Reads standard input to its end.</summary>
    /// <param name="surroundings">Whose standard input.</param>
    /// <param name="operation">What reading it is, for an error.</param>
    /// <param name="instead">What to give where it is closed.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="NeuralinkException">It is closed, cannot be read, or is not UTF-8.</exception>
    public static async Task<string> ReadInputAsync(
        Surroundings surroundings, string operation, string instead, CancellationToken cancellation)
    {
        if (surroundings.In is not { } input)
            throw new NeuralinkException(operation, "an open one", "it is closed", instead);
        using MemoryStream bytes = new();
        try
        {
            // A read of standard input does not end by itself when it is cancelled.
            await input.CopyToAsync(bytes, cancellation).WaitAsync(cancellation);
        }
        catch (IOException error)
        {
            throw new NeuralinkException(operation, "a file, a pipe or a terminal", error.Message, inner: error);
        }
        return Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), operation);
    }

    /// <param name="bytes">The text.</param>
    /// <param name="operation">What is being done, for an error.</param>
    /// <exception cref="NeuralinkException">It is not UTF-8.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string operation)
    {
        foreach ((string name, byte[] mark) in s_otherMarks)
        {
            if (bytes.StartsWith(mark))
                throw new NeuralinkException(operation, Expected, name, Advice);
        }
        if (IsUtf16(bytes))
            throw new NeuralinkException(operation, Expected, "what looks like UTF-16", Advice);
        int begin = bytes.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        char[] chars = new char[bytes.Length - begin];      // no byte becomes more than one
        OperationStatus status = Utf8.ToUtf16(
            bytes[begin..], chars, out int read, out int written, replaceInvalidSequences: false, isFinalBlock: false);
        int offset = begin + read;
        return status switch
        {
            OperationStatus.Done => new string(chars, 0, written),
            OperationStatus.NeedMoreData => throw new NeuralinkException(
                operation, Expected,
                $"0x{Convert.ToHexStringLower(bytes[offset..])} from offset {offset} to the end, which is not a whole character",
                "it was cut in two, or is of another code page; give it whole, in UTF-8"),
            _ => throw new NeuralinkException(
                operation, Expected, $"the byte 0x{bytes[offset]:x2} at offset {offset}, which cannot be there", Advice),
        };
    }

    /// <summary>
    /// Whether, without a mark, most code units have one zero byte, all at the same end, as UTF-16 of a European language has.
    /// </summary>
    private static bool IsUtf16(ReadOnlySpan<byte> bytes)
    {
        Span<int> zeros = [0, 0];
        for (int i = 0; i < bytes.Length; i++)
            zeros[i % 2] += bytes[i] == 0 ? 1 : 0;
        return zeros.Contains(0) && (zeros[0] + zeros[1]) * 4L > bytes.Length;
    }
}
