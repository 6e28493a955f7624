using System.Text.Json;

namespace Neuralink.Server.Answers;

/// <summary>An answer that is one JSON value.</summary>
internal static class JsonAnswer
{
    public const string ContentType = "application/json; charset=utf-8";

    /// <summary>Writes it whole, with its length.</summary>
    /// <param name="context">The request.</param>
    /// <param name="value">Of a type that <see cref="ServerJson"/> knows.</param>
    public static async Task WriteAsync(HttpContext context, object value)
    {
        byte[] bytes = Bytes(value);
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>Its bytes.</summary>
    public static byte[] Bytes(object value) => JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), ServerJson.Readable);
}
