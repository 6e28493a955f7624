namespace Neuralink.Kernels;

/// <summary>How the weights of a bundle are stored. A single format is one for all of them.</summary>
/// <param name="Rows">Of the gate and up rows.</param>
/// <param name="Down">
/// Of the down column. A quantised checkpoint has its scales along the other side of the down matrix, so the column is rounded again.
/// </param>
/// <param name="LeavesDeciding">
/// Whether the row that decides if the neuron is active (gate; of a plain FFN up) and its bias are left out, because the exact
/// predictor has them in DRAM anyway.
/// </param>
public readonly record struct BundleFormat(WeightFormat Rows, WeightFormat Down, bool LeavesDeciding = false)
{
    /// <summary>All parts in one format.</summary>
    public static implicit operator BundleFormat(WeightFormat format) => new(format, format);
}

/// <summary>
/// Where a neuron's parts lie within its bundle. Offsets and sizes are in bytes.
/// <code>
/// [gate row: Hidden weights, gated only][up row: Hidden][down column: Hidden][biases: float32][zeros][CRC-32C: 4 bytes]
/// |------------------------------------ payload ----------------------------------------|                    |
/// |------------------------------------ stride: a multiple of 512 -------------------------------------------|
/// </code>
/// The biases of a gated neuron are gate, up; of a plain one, up. The down projection's bias belongs to no neuron and is resident.
/// The deciding row, the first one, and its bias may be left out (<see cref="BundleFormat.LeavesDeciding"/>).
/// The stride is a multiple of 512 because that is the granularity of direct I/O.
/// </summary>
public sealed record BundleLayout
{
    /// <summary>Direct I/O reads multiples of this many bytes at multiples of this offset.</summary>
    public const int StrideGranularityBytes = 512;

    /// <summary>Bytes of the checksum at the end of the stride.</summary>
    public const int CrcBytes = 4;

    /// <param name="format">The formats of the weights.</param>
    /// <param name="hidden">The model's hidden size, d: weights in each part; at least 1.</param>
    /// <param name="gated">Whether there is a gate row.</param>
    /// <param name="biased">Whether the gate and up projections have biases.</param>
    /// <exception cref="ArgumentException">A format is one of matrices only (Q4_K, Q6_K).</exception>
    public BundleLayout(BundleFormat format, int hidden, bool gated, bool biased)
    {
        Require.AtLeast(hidden, 1, nameof(hidden));
        Format = format;
        Hidden = hidden;
        Gated = gated;
        Biased = biased;
        RowBytes = RowBytesOf(format.Rows, hidden);
        DownBytes = RowBytesOf(format.Down, hidden);
        UpOffset = gated && !format.LeavesDeciding ? RowBytes : 0;
        DownOffset = gated || !format.LeavesDeciding ? checked(UpOffset + RowBytes) : 0;
        BiasOffset = checked(DownOffset + DownBytes);
        PayloadBytes = checked(BiasOffset + (BiasCount * sizeof(float)));
        StrideBytes = checked(PayloadBytes + CrcBytes + StrideGranularityBytes - 1) / StrideGranularityBytes * StrideGranularityBytes;
    }

    /// <summary>The formats of the weights; biases are float32 always.</summary>
    public BundleFormat Format { get; }

    /// <summary>The model's hidden size, d.</summary>
    public int Hidden { get; }

    /// <summary>Whether there is a gate row.</summary>
    public bool Gated { get; }

    /// <summary>Whether the gate and up projections have biases.</summary>
    public bool Biased { get; }

    /// <summary>Bytes of the gate row and of the up row, each.</summary>
    public int RowBytes { get; }

    /// <summary>Bytes of the down column.</summary>
    public int DownBytes { get; }

    /// <summary>Whether the bundle has the row that decides if the neuron is active.</summary>
    public bool HasDeciding => !Format.LeavesDeciding;

    /// <summary>The offset of the deciding row, where there is one: the gate row of a gated bundle, the up row of a plain one.</summary>
    public int DecidingOffset => 0;

    /// <summary>The up row's offset. A plain bundle without its deciding row has none.</summary>
    public int UpOffset { get; }

    /// <summary>The down column's offset.</summary>
    public int DownOffset { get; }

    /// <summary>The first bias's offset; where there are none, the end of the payload.</summary>
    public int BiasOffset { get; }

    /// <summary>Float32 biases in the bundle.</summary>
    public int BiasCount => !Biased ? 0 : (Gated ? 2 : 1) - (HasDeciding ? 0 : 1);

    /// <summary>Bytes that carry weights and biases.</summary>
    public int PayloadBytes { get; }

    /// <summary>Bytes from one bundle to the next.</summary>
    public int StrideBytes { get; }

    /// <summary>The checksum's offset; it covers everything before it, the zeros too.</summary>
    public int CrcOffset => StrideBytes - CrcBytes;

    private static int RowBytesOf(WeightFormat format, int hidden) => format is WeightFormat.Q4_K or WeightFormat.Q6_K
        ? throw new ArgumentException($"{format} is a format of matrices, not of bundles.", nameof(format))
        : WeightKernels.For(format).RowBytes(hidden);
}
