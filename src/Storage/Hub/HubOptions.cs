namespace Neuralink.Storage.Hub;

/// <summary>How the Hub is reached, and where what comes from it is kept: as Hugging Face's own programs do it.</summary>
public sealed record HubOptions
{
    /// <summary>The Hub itself.</summary>
    public static Uri DefaultEndpoint { get; } = new("https://huggingface.co");

    /// <summary>The Hub, or what stands in for it.</summary>
    public Uri Endpoint { get; init; } = DefaultEndpoint;

    /// <summary>Says who asks; null is nobody. It is sent to <see cref="Endpoint"/> only.</summary>
    public string? Token { get; init; }

    /// <summary>Hugging Face's cache folder of repositories, which their programs share.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Whether only what is in the cache is used.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Waits before something is tried again.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// The options that environment variables state: HF_ENDPOINT; HF_TOKEN, or the file (HF_TOKEN_PATH, or `token` in HF_HOME) that signing
    /// in leaves; HF_HUB_CACHE, or `hub` in HF_HOME, or in ~/.cache/huggingface; HF_HUB_OFFLINE. Null where the user has no home.
    /// </summary>
    /// <param name="variable">The value of an environment variable, or null.</param>
    /// <exception cref="NeuralinkException">A variable is of no use.</exception>
    public static HubOptions? Find(Func<string, string?> variable)
    {
        string? home = PathIn("HF_HOME") ?? (Value("XDG_CACHE_HOME") is { } cache ? Path.Combine(cache, "huggingface")
            : (Value("HOME") ?? Value("USERPROFILE")) is { } user ? Path.Combine(user, ".cache", "huggingface") : null);
        string? folder = PathIn("HF_HUB_CACHE") ?? PathIn("HUGGINGFACE_HUB_CACHE") ?? (home is null ? null : Path.Combine(home, "hub"));
        string? tokenPath = PathIn("HF_TOKEN_PATH") ?? (home is null ? null : Path.Combine(home, "token"));
        return folder is null ? null : new HubOptions
        {
            Endpoint = Value("HF_ENDPOINT") is { } endpoint ? EndpointOf(endpoint) : DefaultEndpoint,
            Token = Value("HF_TOKEN") ?? Value("HUGGING_FACE_HUB_TOKEN") ?? SavedToken(tokenPath),
            CacheFolder = Path.GetFullPath(folder),
            IsOffline = Value("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "TRUE" or "YES" or "ON",
        };

        string? Value(string name) => variable(name)?.Trim() is { Length: > 0 } value ? value : null;

        // A shell expands ~ only at some places; their programs do it at all.
        string? PathIn(string name) =>
            Value(name) is { } path && path.StartsWith("~/", StringComparison.Ordinal) && Value("HOME") is { } user
                ? Path.Combine(user, path[2..])
                : Value(name);
    }

    private static Uri EndpointOf(string text) =>
        Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new NeuralinkException("reach the Hub", "an http or https address in HF_ENDPOINT", $"\"{text}\"");

    private static string? SavedToken(string? path)
    {
        try
        {
            return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } token ? token : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
