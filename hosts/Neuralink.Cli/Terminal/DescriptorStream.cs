using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Neuralink.Cli.Terminal;

/// <summary>
/// Writes to a standard stream of a Unix process. .NET's own stream keeps silent about a reader that has gone, and the program would go
/// on computing for nobody; a file stream would write at an offset of its own, over what other programs have written to the same file.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class DescriptorStream(int descriptor) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="ReaderGoneException">Nobody reads any more.</exception>
    /// <exception cref="IOException">The disk is full, or whatever else the system says.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            nint written = UnixCalls.Write(descriptor, buffer);
            if (written >= 0)
                buffer = buffer[(int)written..];
            else
                Recover(Marshal.GetLastPInvokeError());
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Recover(int errno)
    {
        if (errno == UnixCalls.TryAgain)
            UnixCalls.WaitUntilWritable(descriptor);
        else if (errno is UnixCalls.BrokenPipe || (errno is UnixCalls.InputOutputError && UnixCalls.IsHungUp(descriptor)))
            throw new ReaderGoneException();
        else if (errno is not UnixCalls.Interrupted)
            throw new IOException(Marshal.GetPInvokeErrorMessage(errno), errno);
    }
}

/// <summary>Whoever read standard output has gone: a pipe was closed, or a terminal. There is nobody to tell.</summary>
internal sealed class ReaderGoneException() : IOException("nobody reads standard output any more");
