using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Extensions.Options;
using Neuralink.Server.Errors;
using Neuralink.Server.Options;

namespace Neuralink.Server.Requests;

/// <summary>
/// Reads a request's body as a JSON object, whatever its Content-Type says: curl sends JSON as a form unless it is told otherwise. Size
/// and depth are bounded, also after decompression.
/// </summary>
/// <param name="options">The limits.</param>
internal sealed class JsonBody(IOptions<ServerOptions> options)
{
    /// <summary>The deepest nesting. A request of OpenAI's with a tool's JSON schema in it has about twenty levels.</summary>
    public const int DepthMax = 64;

    private static readonly JsonDocumentOptions s_json = new() { MaxDepth = DepthMax };

    private readonly int _bytesMax = options.Value.BodyBytesMax;

    /// <summary>The body. It lives as long as the request.</summary>
    /// <exception cref="ApiException">It is too large, too deep, no JSON, or no object.</exception>
    public async Task<Fields> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > _bytesMax)
            throw TooLarge();
        await using Stream body = Decompressed(context.Request);
        ReadOnlyMemory<byte> bytes = await ReadAllAsync(body, context.RequestAborted);
        JsonDocument document = Parse(bytes);
        context.Response.RegisterForDispose(document);
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? new Fields(document.RootElement)
            : throw Malformed($"expected a JSON object, found {Fields.Describe(document.RootElement)}");
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        if (bytes.Span.StartsWith(mark))
            bytes = bytes[mark.Length..];
        if (bytes.Span.IndexOfAnyExcept(" \t\r\n"u8) < 0)
            throw Malformed("expected a JSON object, found nothing");
        if (!Utf8.IsValid(bytes.Span))
            throw Malformed("expected text in UTF-8, found other bytes");
        try
        {
            return JsonDocument.Parse(bytes, s_json);
        }
        catch (JsonException error)
        {
            string place = $"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}";
            throw Malformed($"expected JSON of at most {DepthMax} levels, found something else at {place}", error);
        }
    }

    private static Stream Decompressed(HttpRequest request)
    {
        string encoding = request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();
        return encoding switch
        {
            "" or "identity" => request.Body,
            "gzip" or "x-gzip" => new GZipStream(request.Body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(request.Body, CompressionMode.Decompress),
            "br" => new BrotliStream(request.Body, CompressionMode.Decompress),
            _ => throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType, "Content-Encoding: expected gzip, deflate, br or none, found another encoding"),
        };
    }

    private async Task<ReadOnlyMemory<byte>> ReadAllAsync(Stream body, CancellationToken cancellation)
    {
        ArrayBufferWriter<byte> all = new();
        try
        {
            while (true)
            {
                int count = await body.ReadAsync(all.GetMemory(), cancellation);
                if (count == 0)
                    return all.WrittenMemory;
                all.Advance(count);
                if (all.WrittenCount > _bytesMax)
                    throw TooLarge();
            }
        }
        catch (InvalidDataException error)
        {
            throw Malformed("expected a body compressed as its Content-Encoding says, found other bytes", error);
        }
    }

    private ApiException TooLarge() => new(
        StatusCodes.Status413PayloadTooLarge, $"The body has more than the {_bytesMax} bytes that this server takes.")
    {
        Code = "body_too_large",
    };

    private static ApiException Malformed(string what, Exception? inner = null) =>
        new(StatusCodes.Status400BadRequest, $"The body cannot be read: {what}.", inner: inner) { Code = "invalid_json" };
}
