using Microsoft.AspNetCore.Http.Features;

namespace Neuralink.Server.Answers;

/// <summary>
/// Writes a stream of JSON values to a client: server-sent events, or one a line. Nothing holds a value back: neither buffers of this
/// server nor those of a proxy, and no compression.
/// </summary>
/// <param name="context">The request.</param>
/// <param name="isEventStream">Whether it is server-sent events.</param>
internal sealed class StreamWriter(HttpContext context, bool isEventStream)
{
    /// <summary>Sends the head of the answer.</summary>
    public async Task BeginAsync()
    {
        context.Response.ContentType = isEventStream ? "text/event-stream" : "application/x-ndjson";
        context.Response.Headers.CacheControl = "no-cache, no-transform";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.StartAsync(context.RequestAborted);
    }

    /// <summary>Puts a value into the buffer.</summary>
    public void Write(object value) => Write(JsonAnswer.Bytes(value));

    /// <summary>Says that the stream is complete, where its kind has a word for it.</summary>
    public void WriteDone()
    {
        if (isEventStream)
            Write("[DONE]"u8);
    }

    /// <summary>Says nothing, so that the client knows that the server is alive; lines of JSON have no word for that.</summary>
    public void WritePing()
    {
        if (isEventStream)
            WriteRaw(": ping\n\n"u8);
    }

    /// <summary>Sends what is in the buffer; waits while the client does not read.</summary>
    public async Task FlushAsync() => await context.Response.BodyWriter.FlushAsync(context.RequestAborted);

    private void Write(ReadOnlySpan<byte> value)
    {
        if (isEventStream)
            WriteRaw("data: "u8);
        WriteRaw(value);
        WriteRaw(isEventStream ? "\n\n"u8 : "\n"u8);
    }

    private void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(context.Response.BodyWriter.GetSpan(bytes.Length));
        context.Response.BodyWriter.Advance(bytes.Length);
    }
}
