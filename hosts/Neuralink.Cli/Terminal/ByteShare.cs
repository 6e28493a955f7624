namespace Neuralink.Cli.Terminal;

/// <summary>Bytes done as a share of all.</summary>
internal sealed class ByteShare(IProgress<double> share, long totalBytes) : IProgress<long>
{
    public void Report(long value) => share.Report((double)value / totalBytes);
}
