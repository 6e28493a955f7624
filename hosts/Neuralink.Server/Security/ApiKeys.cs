using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Neuralink.Server.Options;
using Neuralink.Storage;

namespace Neuralink.Server.Security;

/// <summary>
/// Who may use the API. Only SHA-256 hashes of keys are kept, and a key is compared with all of them in a time that does not depend on
/// where they differ. Keys come from the configuration (hashes), a file, and an environment variable.
/// </summary>
internal sealed class ApiKeys
{
    /// <summary>The environment variable with one key.</summary>
    public const string Variable = "NEURALINK_API_KEY";

    private const string HashPrefix = "sha256:";

    private readonly List<byte[]> _hashes;

    public ApiKeys(IOptions<ServerOptions> options, IConfiguration configuration)
    {
        _hashes = [.. options.Value.ApiKeyHashes.Select(Convert.FromHexString)];
        if (options.Value.ApiKeyFile is { } path)
            _hashes.AddRange(ReadFile(path));
        if (configuration[Variable] is { Length: > 0 } key)
            _hashes.Add(Hash(key));
    }

    /// <summary>Whether a key is needed.</summary>
    public bool Any => _hashes.Count > 0;

    /// <summary>Whether a request has one of the keys, as a bearer token or in X-Api-Key.</summary>
    public bool Admit(HttpRequest request)
    {
        const string scheme = "Bearer ";
        string header = request.Headers.Authorization.ToString();
        string? key = header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim()
            : request.Headers["X-Api-Key"].ToString() is { Length: > 0 } other ? other
            : null;
        if (key is null)
            return false;
        byte[] hash = Hash(key);
        bool isKnown = false;
        foreach (byte[] known in _hashes)
            isKnown |= CryptographicOperations.FixedTimeEquals(known, hash);
        return isKnown;
    }

    /// <summary>Whether a text is a hash as the configuration has it.</summary>
    public static bool IsHash(string text) => text.Length == 2 * SHA256.HashSizeInBytes && text.All(char.IsAsciiHexDigit);

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static List<byte[]> ReadFile(string path)
    {
        List<byte[]> hashes = [];
        foreach (string line in Lines(path).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (!line.StartsWith(HashPrefix, StringComparison.OrdinalIgnoreCase))
                hashes.Add(Hash(line));
            else if (IsHash(line[HashPrefix.Length..]))
                hashes.Add(Convert.FromHexString(line[HashPrefix.Length..]));
            else
                throw new NeuralinkException($"read the API keys of {path}", $"64 hexadecimal digits after {HashPrefix}", "something else");
        }
        return hashes.Count > 0 ? hashes
            : throw new NeuralinkException($"read the API keys of {path}", "at least one key", "none", "write one key a line into it");
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"read the API keys of {path}", null, error.Message, inner: error);
        }
    }
}
