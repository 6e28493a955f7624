using Microsoft.Extensions.Options;
using Neuralink.Server.Security;

namespace Neuralink.Server.Options;

/// <summary>Lists all that is wrong with the server's options, before it listens.</summary>
internal sealed class ServerOptionsValidator(IConfiguration configuration) : IValidateOptions<ServerOptions>
{
    public ValidateOptionsResult Validate(string? name, ServerOptions options)
    {
        List<string> errors = [.. options.FindErrors()];
        bool hasKeys = options.ApiKeyHashes.Count > 0 || options.ApiKeyFile is not null
            || configuration[ApiKeys.Variable] is { Length: > 0 };
        if (!options.IsLoopback && !hasKeys && !options.AllowAnonymous)
        {
            errors.Add(
                $"{ServerOptions.Section}:{nameof(options.Host)}: expected API keys (--api-key-file, --api-key-hashes or "
                + $"{ApiKeys.Variable}) or --allow-anonymous where others than this machine reach the server, found neither, with the "
                + $"address {options.Host}");
        }
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
