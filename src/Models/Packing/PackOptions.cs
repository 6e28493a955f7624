namespace Neuralink.Models.Packing;

/// <summary>How to pack.</summary>
/// <param name="Formats">The formats of the weights; null keeps the checkpoint's as far as it can be.</param>
/// <param name="Replace">Whether an existing image at the destination is replaced, in the end, by the new one.</param>
public sealed record PackOptions(FormatChoice? Formats = null, bool Replace = false);

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
