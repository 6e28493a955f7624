namespace Neuralink.Studies.Devices;

/// <summary>
/// Reads that the Neuralink paper published, and the device models that are fitted to them. Nothing else of the paper goes into a device.
/// </summary>
internal static class PublishedReads
{
    /// <summary>
    /// Table 2: OPT-350M on a OnePlus 12, no cache, bundles of 4 KiB, by the share of the neurons that is active. Megabytes a second, and
    /// milliseconds a token.
    /// </summary>
    public static IReadOnlyList<(double ActiveShare, double MegabytesPerSecond, double Millis)> Table2 { get; } =
        [(1, 1637.61, 234.49), (0.7, 904.69, 297.10), (0.4, 524.50, 292.78), (0.1, 368.05, 104.18)];

    /// <summary>Table 1: milliseconds of reading a token of OPT-1.3B on an Ace 2.</summary>
    public const double Opt1300MReadMillis = 988;

    /// <summary>Of its neurons, those that are active: the mean over the paper's three data sets.</summary>
    public const double Opt1300MActiveShare = 0.0381;

    private const int Opt350MNeurons = 24 * 4096, Opt1300MNeurons = 24 * 8192, Opt1300MBundleBytes = 8192;

    // Of a dense token every read is as long as the device likes; the rows' own bytes say how fast these are.
    private const int DenseReadBytes = 256 << 10;

    /// <summary>
    /// T(size) = command + size / bandwidth, by least squares of the relative errors of Table 2's rows. Where neurons are active by chance,
    /// a share p of n comes in n p (1 - p) runs, each read at once.
    /// </summary>
    public static (double CommandMicros, double BytesPerMicro) FitTable2()
    {
        // Each row asks for: runs x command + bytes / bandwidth = its time. Both sides are divided by the time.
        double aa = 0, ab = 0, bb = 0, a1 = 0, b1 = 0;
        foreach ((double share, double megabytes, double millis) in Table2)
        {
            double bytes = megabytes * millis * 1000;
            double runs = share < 1 ? Opt350MNeurons * share * (1 - share) : bytes / DenseReadBytes;
            double a = runs / (millis * 1000), b = bytes / (millis * 1000);
            (aa, ab, bb, a1, b1) = (aa + (a * a), ab + (a * b), bb + (b * b), a1 + a, b1 + b);
        }
        double determinant = (aa * bb) - (ab * ab);
        return (((a1 * bb) - (b1 * ab)) / determinant, determinant / ((b1 * aa) - (a1 * ab)));
    }

    /// <summary>
    /// What a lone read takes on an Ace 2, its bytes apart, by Table 1's column of OPT-1.3B: reads come one after the other, each of a run
    /// of active neurons. That is what fits the table; with 32 reads in flight no published device of that kind is as slow.
    /// </summary>
    /// <param name="bytesPerMicro">The device's bandwidth.</param>
    public static double FitLoneRead(double bytesPerMicro)
    {
        double active = Opt1300MNeurons * Opt1300MActiveShare, runs = active * (1 - Opt1300MActiveShare);
        return ((Opt1300MReadMillis * 1000) - (active * Opt1300MBundleBytes / bytesPerMicro)) / runs;
    }
}
