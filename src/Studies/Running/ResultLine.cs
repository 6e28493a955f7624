using System.Buffers;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Matrix;

namespace Neuralink.Studies.Running;

/// <summary>A line of results.jsonl (docs/formats/study.md): a cell and what came of it.</summary>
internal static class ResultLine
{
    /// <summary>The value of "format".</summary>
    public const string FormatName = "neuralink-study-result";

    /// <summary>The version that is written and read. A cell of another version is run again.</summary>
    public const int CurrentVersion = 1;

    private const string FailureKey = "failure", SecondsKey = "seconds", FormatKey = "format", VersionKey = "format_version", Key = "key";

    /// <summary>What tells a cell from others: a digest of all its data and the format's version.</summary>
    public static string KeyOf(StudyCell cell)
    {
        string data = $"{CurrentVersion} {CellOf(cell).ToJsonString()}";
        return Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(data)));
    }

    /// <summary>The line, with its line feed.</summary>
    public static byte[] Write(CellOutcome outcome)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString(FormatKey, FormatName);
            writer.WriteNumber(VersionKey, CurrentVersion);
            writer.WriteString(Key, KeyOf(outcome.Cell));
            foreach ((string name, JsonNode? value) in CellOf(outcome.Cell))
                WriteProperty(writer, name, value);
            writer.WriteNumber(SecondsKey, Math.Round(outcome.Seconds, 3));
            writer.WriteString(FailureKey, outcome.Failure);
            if (outcome.Result is { } result)
            {
                JsonElement metrics = JsonSerializer.SerializeToElement(result, ResultJson.Default.CellResult);
                foreach (JsonProperty metric in metrics.EnumerateObject())
                    metric.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    /// <summary>Reads a line.</summary>
    /// <returns>The cell's key and the result; null of a cell that failed, or of another version: both are run again.</returns>
    /// <exception cref="JsonException">It is no such line.</exception>
    public static (string Key, CellResult Result, double Seconds)? Read(ReadOnlySpan<byte> line)
    {
        try
        {
            Utf8JsonReader reader = new(line);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (reader.Read() || root.GetProperty(FormatKey).GetString() != FormatName)
                throw new JsonException("it is no result of a study");
            if (root.GetProperty(VersionKey).GetInt32() != CurrentVersion || root.GetProperty(FailureKey).ValueKind != JsonValueKind.Null)
                return null;
            CellResult result = root.Deserialize(ResultJson.Default.CellResult)!;
            if (CellMetric.Flaw(result) is { } flaw)
                throw new JsonException(flaw);
            return (root.GetProperty(Key).GetString() ?? "", result, root.GetProperty(SecondsKey).GetDouble());
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new JsonException(error.Message, error);
        }
    }

    private static JsonObject CellOf(StudyCell cell)
    {
        JsonObject data = [];
        foreach (StudyKey key in StudyKeys.All)
            data[key.Name] = key.ValueOf(cell);
        return data;
    }

    private static void WriteProperty(Utf8JsonWriter writer, string name, JsonNode? value)
    {
        writer.WritePropertyName(name);
        if (value is null)
            writer.WriteNullValue();
        else
            value.WriteTo(writer);
    }
}

/// <summary>
/// A timeline as a list of lists, because a token has hundreds of spans: {"total_micros":N,"spans":[[lane,what,layer,start,length,bytes]]},
/// the lane 0 for computing and 1 for reading, times in microseconds.
/// </summary>
internal sealed class TimelineConverter : JsonConverter<CellTimeline>
{
    private const string TotalKey = "total_micros", SpansKey = "spans";

    public override CellTimeline Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        JsonElement root = document.RootElement;
        return new CellTimeline(root.GetProperty(TotalKey).GetDouble(), [.. root.GetProperty(SpansKey).EnumerateArray().Select(SpanOf)]);
    }

    public override void Write(Utf8JsonWriter writer, CellTimeline value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteNumber(TotalKey, Tenths(value.TotalMicros));
        writer.WriteStartArray(SpansKey);
        foreach (TimelineSpan span in value.Spans)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue((int)span.Lane);
            writer.WriteStringValue(span.What);
            writer.WriteNumberValue(span.Layer);
            writer.WriteNumberValue(Tenths(span.StartMicros));
            writer.WriteNumberValue(Tenths(span.EndMicros - span.StartMicros));
            writer.WriteNumberValue(span.Bytes);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static double Tenths(double micros) => Math.Round(micros, 1);

    private static TimelineSpan SpanOf(JsonElement span)
    {
        if (span.GetArrayLength() != 6)
            throw new JsonException("a span of a timeline has six values");
        double start = span[3].GetDouble();
        TimelineLane lane = span[0].GetInt32() == (int)TimelineLane.Reading ? TimelineLane.Reading : TimelineLane.Computing;
        return new TimelineSpan(
            lane, span[1].GetString() ?? "", span[2].GetInt32(), start, start + span[4].GetDouble(), span[5].GetInt64());
    }
}

/// <summary>A result's JSON: snake_case, on one line.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true,
    Converters = [typeof(TimelineConverter)])]
[JsonSerializable(typeof(CellResult))]
[JsonSerializable(typeof(CellTimeline))]
internal sealed partial class ResultJson : JsonSerializerContext;
