using System.CommandLine;
using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Checkup;

/// <summary>`neuralink doctor`: what this machine can do, and what will hold a run up.</summary>
internal static class DoctorCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink doctor",
        "neuralink doctor llama.nlk",
        "neuralink doctor llama.nlk --json | jq '.findings[] | select(.state != \"good\")'",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string?> model = new("MODEL")
        {
            Description =
                "A flash image, or a Hugging Face folder, a GGUF file or hf:ORG/NAME, to look at too: whether it fits, how fast it will "
                + "be, and the device that it lies on [default: none, and the device of the cache folder]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> json = CommonOptions.Json("a page");
        Command command = new(
            "doctor",
            "Say what this machine can do and what will hold a run up, with what to do about it. Takes a few seconds; writes a temporary "
            + "file of 32 MiB, unless the model's image is long enough to be read itself. Exits with 1 if a run is impossible.")
        {
            model, json,
        };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => new DoctorRun(parsed.GetValue(model), parsed.GetValue(json), surroundings).Run(cancellation), CancellationToken.None));
        return command;
    }
}
