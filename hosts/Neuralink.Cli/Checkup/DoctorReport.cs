using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Neuralink.Cli.Checkup;

/// <summary>What `doctor --json` prints, in snake_case.</summary>
internal sealed record DoctorReport
{
    /// <summary>The machine's name.</summary>
    public required string Machine { get; init; }

    /// <summary>The model, or null.</summary>
    public required string? Model { get; init; }

    /// <summary>What lies on the device that was looked at: the model's neurons, or a folder.</summary>
    public required string Place { get; init; }

    /// <summary>The worst of the findings.</summary>
    public required FindingState State { get; init; }

    /// <summary>What was looked at.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, DoctorReportJson.Readable.DoctorReport);
}

[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorReportJson : JsonSerializerContext
{
    /// <summary>Letters of any script stay as they are.</summary>
    public static DoctorReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
