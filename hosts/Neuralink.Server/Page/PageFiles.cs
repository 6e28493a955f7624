using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;

namespace Neuralink.Server.Page;

/// <summary>A file of the page.</summary>
/// <param name="Bytes">What is sent.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Tag">The ETag: a hash of the bytes, in quotes.</param>
internal sealed record PageFile(ReadOnlyMemory<byte> Bytes, string ContentType, string Tag);

/// <summary>The files of the page, which are resources of this program. They are read once.</summary>
internal static class PageFiles
{
    /// <summary>The page itself.</summary>
    public const string Index = "index.html";

    // The project file puts it before the names of these resources.
    private const string Prefix = "page/";

    private const int TagBytes = 16;

    private static readonly Lazy<FrozenDictionary<string, PageFile>> s_files = new(ReadAll);

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyDictionary<string, PageFile> All => s_files.Value;

    private static FrozenDictionary<string, PageFile> ReadAll()
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[Prefix.Length..], name => Read(assembly, name), StringComparer.Ordinal);
    }

    private static PageFile Read(Assembly assembly, string name)
    {
        using Stream stream = assembly.GetManifestResourceStream(name)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        string tag = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, TagBytes));
        return new PageFile(bytes, TypeOf(name), $"\"{tag}\"");
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => throw new InvalidOperationException($"The page has a file of an unknown type: {name}."),
    };
}
