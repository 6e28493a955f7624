using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Storage.Hub;

namespace Neuralink.Cli.Models;

/// <summary>`neuralink pull`: a model from the Hugging Face Hub, into the cache that Hugging Face's own programs use.</summary>
internal static class PullCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink pull SparseLLM/ReluLLaMA-7B",
        "neuralink pull facebook/opt-1.3b@main",
        "neuralink pull ORG/NAME/FILE.gguf",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string> model = new("MODEL")
        {
            Description = "ORG/NAME, ORG/NAME@REVISION or ORG/NAME/FILE.gguf; with hf: in front every command takes it as its model",
        };
        Command command = new(
            "pull",
            "Get a model from the Hugging Face Hub: the files that running it takes, checked. What is there already is not fetched again.")
        {
            model,
        };
        command.SetAction((parsed, cancellation) =>
        {
            HubAddress address = HubAddress.Parse(parsed.GetRequiredValue(model));
            string path = ModelLocator.Store(surroundings).Hub.Pull(address, cancellation);
            surroundings.Out.WriteLine($"{path}");
            surroundings.Note($"use it with --model {HubAddress.Scheme}{address}");
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }
}
