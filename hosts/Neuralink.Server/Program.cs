using Microsoft.Extensions.Options;
using Neuralink.Server;
using Neuralink.Server.Options;
using Neuralink.Storage;

if (args is ["--help" or "-h" or "-?"])
{
    Console.WriteLine("neuralink-server: serves a language model to OpenAI's and Ollama's clients.\n\nThe server:");
    foreach (ServerArgument argument in ServerArgument.OfServer.Concat(ServerArgument.OfCluster))
        Console.WriteLine($"  {argument.Name,-20} {argument.Description}");
    Console.WriteLine("\nThe model and the engine, as in 'neuralink generate --help':");
    Console.WriteLine($"  {string.Join(' ', ServerArgument.OfEngine.Select(argument => argument.Name))}");
    return 0;
}
try
{
    await ServerHost.RunAsync(ServerArgument.Parse(args));
    return 0;
}
catch (Exception error) when (error is NeuralinkException or OptionsValidationException or IOException or InvalidOperationException)
{
    Console.Error.WriteLine($"neuralink-server: error: {error.Message}");
    return error is OptionsValidationException ? 2 : 1;
}
