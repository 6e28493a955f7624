using Neuralink.Kernels;

namespace Neuralink.Models.Packing;

/// <summary>How to pack.</summary>
/// <param name="Weights">The format of every matrix; null keeps the checkpoint's, so that nothing is rounded.</param>
/// <param name="Replace">Whether an existing image at the destination is replaced, in the end, by the new one.</param>
public sealed record PackOptions(WeightFormat? Weights = null, bool Replace = false);

/// <summary>How far packing has come.</summary>
/// <param name="Stage">What is being written.</param>
/// <param name="DoneBytes">Bytes written so far.</param>
/// <param name="TotalBytes">Bytes of the whole image but for headers.</param>
public readonly record struct PackProgress(string Stage, long DoneBytes, long TotalBytes);

/// <summary>How far packing has come, as a share.</summary>
public sealed class PackedShare(IProgress<double> share) : IProgress<PackProgress>
{
    public void Report(PackProgress value) => share.Report(value.TotalBytes == 0 ? 1 : (double)value.DoneBytes / value.TotalBytes);
}
