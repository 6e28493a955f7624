namespace Neuralink.Storage.Devices;

/// <summary>
/// The linear model of a flash device: a read of n bytes occupies it for <c>ReadMicros + n / BytesPerMicro</c>. The break-even gap, at which
/// reading through costs as much as another read, is the product of the two.
/// </summary>
/// <param name="ReadMicros">Microseconds that every read costs, 0 or more; 1 / IOPS.</param>
/// <param name="BytesPerMicro">Bandwidth: bytes a microsecond, which is megabytes a second; more than 0.</param>
public sealed record FlashCost(double ReadMicros, double BytesPerMicro)
{
    /// <summary>Microseconds that every read costs.</summary>
    public double ReadMicros { get; } = ReadMicros >= 0 ? ReadMicros : throw new ArgumentOutOfRangeException(nameof(ReadMicros));

    /// <summary>Bandwidth: bytes a microsecond.</summary>
    public double BytesPerMicro { get; } = BytesPerMicro > 0 ? BytesPerMicro : throw new ArgumentOutOfRangeException(nameof(BytesPerMicro));

    /// <summary>How long a read of <paramref name="bytes"/> bytes occupies the device.</summary>
    public TimeSpan Of(long bytes) => TimeSpan.FromMicroseconds(ReadMicros + (bytes / BytesPerMicro));
}
