using Microsoft.Win32.SafeHandles;

namespace Neuralink.Cli.Terminal;

/// <summary>The standard streams that the process was started with; a supervisor may have closed any of them.</summary>
internal sealed class StandardStreams : IDisposable
{
    private const int InDescriptor = 0, OutDescriptor = 1, ErrorDescriptor = 2;

    private readonly List<SafeFileHandle> _placeholders = [];

    private StandardStreams(Stream? input, Stream? output, Stream? error) => (In, Out, Error) = (input, output, error);

    /// <summary>Null where it was closed; so are the others.</summary>
    public Stream? In { get; }

    public Stream? Out { get; }

    public Stream? Error { get; }

    /// <summary>
    /// To be called before the program opens any file. Where a standard stream was closed, its number is free, or the runtime has taken
    /// it for a file of its own: what is free is taken here, so that nothing that is meant for a standard stream gets into a file.
    /// </summary>
    public static StandardStreams Open()
    {
        if (OperatingSystem.IsWindows())
            return new StandardStreams(Console.OpenStandardInput(), Console.OpenStandardOutput(), Console.OpenStandardError());
        StandardStreams streams = new(
            UnixCalls.IsInherited(InDescriptor) ? Console.OpenStandardInput() : null,
            UnixCalls.IsInherited(OutDescriptor) ? new DescriptorStream(OutDescriptor) : null,
            UnixCalls.IsInherited(ErrorDescriptor) ? new DescriptorStream(ErrorDescriptor) : null);
        streams.TakeFreeNumbers();
        return streams;
    }

    /// <summary>Whether somebody may read what is written to standard output.</summary>
    public bool OutHasReader() => OperatingSystem.IsWindows() || !UnixCalls.IsHungUp(OutDescriptor);

    public void Dispose() => _placeholders.ForEach(file => file.Dispose());

    private void TakeFreeNumbers()
    {
        nint taken;
        do
        {
            SafeFileHandle file = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            _placeholders.Add(file);
            taken = file.DangerousGetHandle();
        }
        while (taken <= ErrorDescriptor);       // the system gives the lowest number that is free
    }
}
