namespace Neuralink.Server.Requests;

/// <summary>How a stream is wanted.</summary>
internal static class StreamFields
{
    /// <summary>Whether a stream ends with a chunk of usage. Options of a stream are ignored where there is none: SDKs send both.</summary>
    public static bool IncludesUsage(Fields fields, bool isStream) =>
        (fields.Object("stream_options")?.Flag("include_usage") ?? false) && isStream;
}
