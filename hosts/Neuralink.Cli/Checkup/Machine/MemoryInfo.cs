namespace Neuralink.Cli.Checkup.Machine;

/// <summary>/proc/meminfo: the machine's memory.</summary>
/// <param name="TotalBytes">All of it.</param>
/// <param name="AvailableBytes">What programs can have before the machine runs short: free, or easily freed.</param>
/// <param name="SwapBytes">Room to swap out to.</param>
internal sealed record MemoryInfo(long TotalBytes, long AvailableBytes, long SwapBytes)
{
    /// <returns>Null where the text does not say it.</returns>
    public static MemoryInfo? Parse(string? text)
    {
        Dictionary<string, string> fields = SystemFiles.Fields(text ?? "");
        if (Bytes("MemTotal") is not { } total)
            return null;
        // Kernels before 3.14 leave the sum to the reader.
        long? available = Bytes("MemAvailable") ?? (Bytes("MemFree") + (Bytes("Buffers") ?? 0) + (Bytes("Cached") ?? 0));
        return available is { } bytes ? new MemoryInfo(total, Math.Min(bytes, total), Bytes("SwapTotal") ?? 0) : null;

        long? Bytes(string name) =>
            fields.TryGetValue(name, out string? value) && long.TryParse(value.Split(' ')[0], out long kib)
                && kib is >= 0 and <= long.MaxValue >> 10
                ? kib << 10
                : null;
    }
}
