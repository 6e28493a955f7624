namespace Neuralink.Kernels;

/// <summary>
/// Where a neuron's parts lie within its bundle. Offsets and sizes are in bytes.
/// <code>
/// [gate row: Hidden weights, gated only][up row: Hidden][down column: Hidden][biases: float32][zeros][CRC-32C: 4 bytes]
/// |------------------------------------ payload ----------------------------------------|                    |
/// |------------------------------------ stride: a multiple of 512 -------------------------------------------|
/// </code>
/// The biases of a gated neuron are gate, up; of a plain one, up. The down projection's bias belongs to no neuron and is resident.
/// The stride is a multiple of 512 because that is the granularity of direct I/O.
/// </summary>
public sealed record BundleLayout
{
    /// <summary>Direct I/O reads multiples of this many bytes at multiples of this offset.</summary>
    public const int StrideGranularityBytes = 512;

    /// <summary>Bytes of the checksum at the end of the stride.</summary>
    public const int CrcBytes = 4;

    /// <param name="format">The format of the weights.</param>
    /// <param name="hidden">The model's hidden size, d: weights in each part; at least 1.</param>
    /// <param name="gated">Whether there is a gate row.</param>
    /// <param name="biased">Whether the gate and up projections have biases.</param>
    public BundleLayout(WeightFormat format, int hidden, bool gated, bool biased)
    {
        Require.AtLeast(hidden, 1, nameof(hidden));
        Format = format;
        Hidden = hidden;
        Gated = gated;
        Biased = biased;
        PartBytes = WeightKernels.For(format).RowBytes(hidden);
        UpOffset = gated ? PartBytes : 0;
        DownOffset = checked(UpOffset + PartBytes);
        BiasOffset = checked(DownOffset + PartBytes);
        PayloadBytes = checked(BiasOffset + (BiasCount * sizeof(float)));
        StrideBytes = checked(PayloadBytes + CrcBytes + StrideGranularityBytes - 1) / StrideGranularityBytes * StrideGranularityBytes;
    }

    /// <summary>The format of the weights; biases are float32 always.</summary>
    public WeightFormat Format { get; }

    /// <summary>The model's hidden size, d.</summary>
    public int Hidden { get; }

    /// <summary>Whether there is a gate row.</summary>
    public bool Gated { get; }

    /// <summary>Whether the gate and up projections have biases.</summary>
    public bool Biased { get; }

    /// <summary>Bytes of the gate row, the up row and the down column, each.</summary>
    public int PartBytes { get; }

    /// <summary>The gate row's offset, 0. Only a gated bundle has one: a plain bundle begins with its up row.</summary>
    public int GateOffset => 0;

    /// <summary>The up row's offset.</summary>
    public int UpOffset { get; }

    /// <summary>The down column's offset.</summary>
    public int DownOffset { get; }

    /// <summary>The first bias's offset; where there are none, the end of the payload.</summary>
    public int BiasOffset { get; }

    /// <summary>Float32 biases in the bundle.</summary>
    public int BiasCount => !Biased ? 0 : Gated ? 2 : 1;

    /// <summary>Bytes that carry weights and biases.</summary>
    public int PayloadBytes { get; }

    /// <summary>Bytes from one bundle to the next.</summary>
    public int StrideBytes { get; }

    /// <summary>The checksum's offset; it covers everything before it, the zeros too.</summary>
    public int CrcOffset => StrideBytes - CrcBytes;
}
