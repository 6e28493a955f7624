using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Placement.Cost;

namespace Neuralink.Storage.Profiles;

/// <summary>
/// DEVICE.json: what reads cost a flash device, as measured by <see cref="DeviceProbe"/> or as published
/// (docs/formats/device-profile.md). The placement methods optimise for these costs, and the engine reads as the profile advises.
/// </summary>
public sealed record DeviceProfile
{
    /// <summary>The only value of <see cref="Format"/>.</summary>
    public const string FormatName = "neuralink-device";

    /// <summary>The version that this code writes and reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The deepest queue of the engine.</summary>
    public const int QueueDepthMax = 256;

    /// <summary>The possible values of <see cref="IoMethod"/>.</summary>
    public static IReadOnlyList<string> IoMethods { get; } = ["threads", "io_uring"];

    public required string Format { get; init; }

    public required int FormatVersion { get; init; }

    /// <summary>The device, for people.</summary>
    public required string Name { get; init; }

    /// <summary>The program and its settings, or the publication, from which the numbers come; for people.</summary>
    public required string MeasuredWith { get; init; }

    /// <summary>The volume that was measured, or null if the numbers were not measured on this machine.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DeviceVolume? Volume { get; init; }

    /// <summary>
    /// How reads were submitted, which is also the best way: one of <see cref="IoMethods"/>. Null if it is not known.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? IoMethod { get; init; }

    /// <summary>
    /// The queue depth of <see cref="Reads"/>, which is also the best depth: 1 to <see cref="QueueDepthMax"/>. Null if it is not known.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? QueueDepth { get; init; }

    /// <summary>The costs of reads, by ascending size; at least two sizes.</summary>
    public required IReadOnlyList<DeviceRead> Reads { get; init; }

    /// <summary>
    /// What a lone read takes after a pause, by ascending size; at least two sizes. Null if it is not known; so <see cref="BurstReads"/>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DeviceRead>? LoneReads { get; init; }

    /// <summary>What each read more adds that is submitted together with a lone one, by ascending size.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DeviceRead>? BurstReads { get; init; }

    /// <summary>Processor time of a read of <see cref="Reads"/>, in microseconds. Null if it is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ProcessorMicros { get; init; }

    /// <summary>The profile of <see cref="ReadCost.Default"/>, which is used if no device is named.</summary>
    public static DeviceProfile Default { get; } = new()
    {
        Format = FormatName,
        FormatVersion = CurrentVersion,
        Name = "a device of 20 us a read and 1000 MB/s",
        MeasuredWith = "nothing: an assumption between phones and servers",
        Reads = [.. ReadCost.Default.Points.Select(p => new DeviceRead(p.Bytes, p.Micros))],
    };

    /// <summary>The curve through <see cref="Reads"/>.</summary>
    public ReadCost ToReadCost() => new(DeviceRead.ToPoints(Reads));

    /// <exception cref="NeuralinkException">
    /// There is no such file, it is no profile of this version, or its numbers are impossible.
    /// </exception>
    public static DeviceProfile Read(string path)
    {
        VersionedJsonKind kind = new(
            FormatName,
            CurrentVersion,
            "a device profile",
            NotThis: "this file is no device profile",
            OtherVersion: "measure the device again with this program",
            Damaged: "correct the file");
        DeviceProfile profile = VersionedJson.Read(path, DeviceProfileJson.Default.DeviceProfile, kind);
        if (profile.Flaw() is { } flaw)
            throw new NeuralinkException($"open {path}", Expected, flaw, "correct the file or measure the device again");
        return profile;
    }

    /// <summary>Writes the profile to <paramref name="path"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Whether an existing file is replaced. At every moment there is the old profile or the new one.</param>
    /// <exception cref="ArgumentException">The profile's numbers are impossible.</exception>
    /// <exception cref="NeuralinkException">The file exists and may not be replaced, or the disk is full or fails.</exception>
    public void Write(string path, bool replace = false)
    {
        if (Flaw() is { } flaw)
            throw new ArgumentException(flaw, nameof(path));
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(this, DeviceProfileJson.Default.DeviceProfile);
        if (replace)
            SyncedFile.Replace(path, json);
        else
            SyncedFile.Write(path, json);
    }

    private static string Expected =>
        "the cost in microseconds of reads of ascending sizes in bytes, "
        + $"a queue depth of 1 to {QueueDepthMax}, an I/O method of {string.Join(" or ", IoMethods)}";

    private string? Flaw()
    {
        if (Name.Length == 0)
            return "an empty name";
        if (QueueDepth is < 1 or > QueueDepthMax)
            return $"a queue depth of {QueueDepth}";
        if (IoMethod is not null && !IoMethods.Contains(IoMethod, StringComparer.Ordinal))
            return $"the I/O method '{IoMethod}'";
        if (ProcessorMicros is { } processor && !(processor is >= 0 and < 1e6))
            return $"a read that takes {processor} us of the processor";
        if (LoneReads is null != BurstReads is null)
            return "lone reads without burst reads, or these without those";
        if (LoneReads is { } lone && DeviceRead.Flaw(lone) is { } loneFlaw)
            return $"of lone reads {loneFlaw}";
        if (BurstReads is { } burst && DeviceRead.Flaw(burst) is { } burstFlaw)
            return $"of burst reads {burstFlaw}";
        return DeviceRead.Flaw(Reads);
    }
}

/// <summary>
/// What a read of <paramref name="Bytes"/> bytes costs at the profile's queue depth: the time that passed, divided by the completed reads.
/// </summary>
public sealed record DeviceRead(long Bytes, double Micros)
{
    // The JSON reader does not check the items of lists for null.
    internal static string? Flaw(IReadOnlyList<DeviceRead?> reads) =>
        reads.Contains(null) ? "a read that is null" : ReadCost.Flaw(ToPoints(reads!));

    /// <summary>The points of the curve through them.</summary>
    public static IReadOnlyList<ReadCostPoint> ToPoints(IReadOnlyList<DeviceRead> reads) =>
        [.. reads.Select(r => new ReadCostPoint(r.Bytes, r.Micros))];
}

/// <summary>The profile's JSON: snake_case and indented. Every field is required, and unknown fields are refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(DeviceProfile))]
public sealed partial class DeviceProfileJson : JsonSerializerContext;
