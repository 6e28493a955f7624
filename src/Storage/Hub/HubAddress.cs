using System.Diagnostics.CodeAnalysis;

namespace Neuralink.Storage.Hub;

/// <summary>A model on the Hugging Face Hub, as users write it: <c>[hf:]ORG/NAME[@REVISION][/FILE]</c>. Old models have no ORG.</summary>
/// <param name="Repository">ORG/NAME.</param>
/// <param name="Revision">A branch, a tag or a commit.</param>
/// <param name="File">One file of it, such as a GGUF; null is the model that the repository is.</param>
public sealed record HubAddress(string Repository, string Revision, string? File)
{
    /// <summary>What an address begins with where a folder could be meant as well.</summary>
    public const string Scheme = "hf:";

    /// <summary>The branch that counts where none is named.</summary>
    public const string DefaultRevision = "main";

    private const int PartLengthMax = 96;
    private const string Form = "ORG/NAME, ORG/NAME@REVISION or ORG/NAME/FILE.gguf";

    /// <summary>The model's name, without who published it.</summary>
    public string Name => Repository[(Repository.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>Whether a text that names a model names one on the Hub.</summary>
    public static bool IsAddress([NotNullWhen(true)] string? text) => text?.StartsWith(Scheme, StringComparison.Ordinal) ?? false;

    /// <summary>Reads an address, with its scheme or without.</summary>
    /// <exception cref="NeuralinkException">It is none.</exception>
    public static HubAddress Parse(string text)
    {
        string rest = IsAddress(text) ? text[Scheme.Length..].TrimStart('/') : text;
        (rest, string? revision, string? file) = Cut(rest);
        string[] parts = rest.Split('/');
        if (revision is null && parts.Length > 2)
            (parts, file) = (parts[..2], string.Join('/', parts[2..]));
        if (parts.Length > 2 || !parts.All(IsName) || (revision is not null && !IsPath(revision)) || (file is not null && !IsPath(file)))
            throw new NeuralinkException("find a model on the Hub", Form, $"\"{text}\"");
        return new HubAddress(string.Join('/', parts), revision ?? DefaultRevision, file);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Repository + (Revision == DefaultRevision ? "" : $"@{Revision}") + (File is null ? "" : $"/{File}");

    /// <summary>Whether <paramref name="path"/> is relative and leads nowhere else.</summary>
    internal static bool IsPath(string path) => path.Split('/').All(IsName);

    // Branches of pull requests are called refs/pr/1, so a revision may have three parts; what follows it is a file.
    private static (string Repository, string? Revision, string? File) Cut(string text)
    {
        const int partsOfPullRequest = 3;
        if (text.IndexOf('@', StringComparison.Ordinal) is not (>= 0 and var at))
            return (text, null, null);
        string[] parts = text[(at + 1)..].Split('/');
        int length = Math.Min(parts[0] == "refs" ? partsOfPullRequest : 1, parts.Length);
        return (
            text[..at], string.Join('/', parts[..length]), length == parts.Length ? null : string.Join('/', parts[length..]));
    }

    private static bool IsName(string part) => part.Length is > 0 and <= PartLengthMax && part is not ("." or "..")
        && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
