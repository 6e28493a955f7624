using Microsoft.Extensions.Options;
using Neuralink.Storage;

namespace Neuralink.Hosting;

/// <summary>Lists all that is wrong with the options, before anything is opened.</summary>
internal sealed class OptionsValidator : IValidateOptions<NeuralinkOptions>
{
    public ValidateOptionsResult Validate(string? name, NeuralinkOptions options)
    {
        List<string> errors = [.. options.BindingErrors];
        bool isStated = options.BindingErrors.Exists(
            error => error.StartsWith($"{NeuralinkOptions.Section}:{nameof(options.Model)}:", StringComparison.OrdinalIgnoreCase));
        if (string.IsNullOrEmpty(options.Model) && !isStated)
        {
            errors.Add(
                $"{NeuralinkOptions.Section}:{nameof(options.Model)}: expected a flash image, a Hugging Face folder, a GGUF file or "
                + "hf:ORG/NAME, found none");
        }
        errors.AddRange(options.ToEngine().FindErrors().Select(error => Describe(error)));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static string Describe(NeuralinkException error) =>
        $"{NeuralinkOptions.Section}: expected {error.Expected}, found {error.Found}";
}
