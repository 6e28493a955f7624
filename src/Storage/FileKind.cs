using System.Text;
using System.Text.Unicode;
using Neuralink.Storage.Pickle;

namespace Neuralink.Storage;

/// <summary>
/// What the first bytes of a file say that it is, for messages about a file that is not what its name promises. Downloads and copies of
/// models go wrong in a few ways, and each of them can be told from the first bytes.
/// </summary>
/// <param name="Name">What it is, as a message says what was found, e.g. "a GGUF file".</param>
/// <param name="Advice">What the user can do about it.</param>
public sealed record FileKind(string Name, string Advice)
{
    /// <summary>It is text of no kind that is known, which for some files is what they should be.</summary>
    public bool IsPlainText { get; private init; }

    /// <summary>First bytes that <see cref="Recognize"/> wants to see, or all of a shorter file.</summary>
    public const int HeadBytes = 512;

    private const string GetAgain = "get the file again";
    private const string Convert = "convert the model to safetensors";
    private const string NameIt = "give it the name pytorch_model.bin";
    private const string Unpack = "unpack it first";
    private const string SignIn = $"{GetAgain}; a gated model wants you to be signed in";
    private const string GiveSafetensors = "give a model with safetensors weights";
    private const int ShownCharsMax = 80;

    private static readonly string[] s_htmlStarts = ["<!doctype html", "<html", "<head", "<!--"];

    private static readonly (byte[] Start, FileKind Kind)[] s_signatures =
    [
        ([.. "GGUF"u8], new("a GGUF file", "give the GGUF file itself as the model")),
        ([.. "PWRI"u8], new("a GGUF file of PowerInfer's own kind", "give the file itself as the model")),
        .. from magic in (string[])["lmgg", "fmgg", "tjgg", "algg"]
           select (Encoding.ASCII.GetBytes(magic), new FileKind("a GGML file, which came before GGUF", GiveSafetensors)),
        ([.. TorchLegacy.Start], new("a PyTorch checkpoint of the legacy kind (pickle)", NameIt)),
        ([0x89, .. "HDF\r\n"u8], new("an HDF5 file, as TensorFlow and Keras write", Convert)),
        ([0x93, .. "NUMPY"u8], new("a NumPy array", Convert)),
        ([0x1F, 0x8B], new("a gzip file", Unpack)),
        ([0x28, 0xB5, 0x2F, 0xFD], new("a Zstandard file", Unpack)),
        ([0xFD, .. "7zXZ\0"u8], new("an xz file", Unpack)),
        ([.. "BZh"u8], new("a bzip2 file", Unpack)),
        ([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], new("a 7z archive", Unpack)),
        ([.. "Rar!"u8, 0x1A, 7], new("a RAR archive", Unpack)),
        ([0, 5, 0x16, 7], new("an AppleDouble file, which macOS puts beside a file that it copies", "give the file that has no \"._\"")),
        ([0xFF, 0xFE], new("text in UTF-16", "save it as UTF-8")),
        ([0xFE, 0xFF], new("text in UTF-16", "save it as UTF-8")),
    ];

    /// <summary>
    /// The kind of the file that begins with <paramref name="head"/>, or null where the bytes do not tell.
    /// JSON and safetensors tell nothing.
    /// </summary>
    public static FileKind? Recognize(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
            return new("an empty file", GetAgain);
        if (IsSafetensors(head) || Trim(head) is [(byte)'{' or (byte)'[', ..])
            return null;
        if (!head.ContainsAnyExcept((byte)0))
            return new("nothing but zero bytes", $"the download was not finished; {GetAgain}");
        foreach ((byte[] start, FileKind kind) in s_signatures)
        {
            if (head.StartsWith(start))
                return kind;
        }
        return Archive(head) ?? Pickle(head) ?? SentencePiece(head) ?? Text(head);
    }

    /// <summary>The kind of the file at <paramref name="path"/>, not meant to be JSON; null also where it cannot be read.</summary>
    public static FileKind? OfFile(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            Span<byte> head = stackalloc byte[HeadBytes];
            head = head[..stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)];
            return Recognize(head) ?? (Trim(head) is [(byte)'{' or (byte)'[', ..] json ? new($"JSON, {Shown(json)}", GetAgain) : null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether a safetensors file may begin so: the length of the header in 64 bits, then the header, a JSON object.</summary>
    private static bool IsSafetensors(ReadOnlySpan<byte> head) =>
        head.Length > 8 && head[8] == (byte)'{' && !head[4..8].ContainsAnyExcept((byte)0);

    private static FileKind? Archive(ReadOnlySpan<byte> head)
    {
        if (head.Length > 262 && head[257..].StartsWith("ustar"u8))
            return new("a tar archive", Unpack);
        if (!head.StartsWith("PK\x3\x4"u8) && !head.StartsWith("PK\x5\x6"u8))
            return null;
        return head.IndexOf("data.pkl"u8) >= 0
            ? new("a PyTorch checkpoint (zip)", NameIt)
            : new("a zip archive, as PyTorch writes its checkpoints", Convert);
    }

    // Protocols 2 to 5 begin with their number. In a safetensors file these would be the low bytes of a length.
    private static FileKind? Pickle(ReadOnlySpan<byte> head) =>
        head is [0x80, >= 2 and <= 5, ..] ? new("a Python pickle, as older versions of PyTorch write", Convert) : null;

    // A protobuf whose first piece is the unknown token.
    private static FileKind? SentencePiece(ReadOnlySpan<byte> head) =>
        head[0] == '\n' && head[..Math.Min(head.Length, 32)].IndexOf("\n\x5<unk>"u8) > 0
            ? new("a SentencePiece model (tokenizer.model)", "give it its own name")
            : null;

    private static FileKind? Text(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> text = Trim(head);
        if (text.IsEmpty)
            return new("an empty file, or one of nothing but white space", GetAgain);
        if (text.StartsWith("version https://git-lfs.github.com/"u8) || text.StartsWith("version https://hawser.github.com/"u8))
            return new("a Git LFS pointer instead of the file itself", "run 'git lfs pull' in its folder");
        string start = Lower(text);
        if (s_htmlStarts.Any(html => start.StartsWith(html, StringComparison.Ordinal)))
            return new("an HTML page", SignIn);
        if (start.StartsWith("<?xml", StringComparison.Ordinal))
            return new("an XML document, as servers answer with an error", SignIn);
        return IsPrintable(text) ? new($"the text \"{Shown(text)}\"", GetAgain) { IsPlainText = true } : null;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> head) =>
        (head.StartsWith(Encoding.UTF8.Preamble) ? head[Encoding.UTF8.Preamble.Length..] : head).TrimStart(" \t\r\n"u8);

    private static string Lower(ReadOnlySpan<byte> text) =>
        Encoding.Latin1.GetString(text[..Math.Min(text.Length, 32)]).ToLowerInvariant();

    private static bool IsPrintable(ReadOnlySpan<byte> text)
    {
        foreach (byte b in text)
        {
            if (b is < 0x20 and not ((byte)'\t' or (byte)'\r' or (byte)'\n') or 0x7F)
                return false;
        }
        // The head may end within a character, of which up to three bytes are then there.
        for (int cut = 0; cut < 4 && cut < text.Length; cut++)
        {
            if (Utf8.IsValid(text[..^cut]))
                return true;
        }
        return false;
    }

    private static string Shown(ReadOnlySpan<byte> text)
    {
        string line = Encoding.UTF8.GetString(text).ReplaceLineEndings(" ").Trim();
        return line.Length <= ShownCharsMax ? line : line[..ShownCharsMax] + "...";
    }
}
