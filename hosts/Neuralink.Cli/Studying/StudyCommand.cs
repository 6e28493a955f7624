using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Studies.Matrix;

namespace Neuralink.Cli.Studying;

/// <summary>`neuralink study`: a matrix of models, devices and strategies, run and reported.</summary>
internal static class StudyCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink study --list",
        "neuralink study overlap",
        "neuralink study my-study.json -o results",
        "neuralink study --schema > study.schema.json",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string?> study = new("FILE.json|PRESET")
        {
            Description = $"A study file, or one of {string.Join(", ", StudyPresets.All.Select(preset => preset.Name))}",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> output = TypedOption.Text(
            ["--output", "-o"], "DIR",
            "Where results.jsonl, results.csv, report.md and report.html go; a study that was stopped goes on from what is there [default: "
            + "study-NAME]");
        Option<bool> schema = new("--schema") { Description = "Print the JSON schema of study files" };
        Option<bool> list = new("--list") { Description = "Print the presets" };
        Command command = new(
            "study",
            "Run a matrix of models, devices and strategies, simulated or on this machine's disk, and report which wins where and why. "
            + "Ctrl-C stops; the same command goes on where it stopped.")
        {
            study, output, schema, list,
        };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => Run(
                parsed.GetValue(study), parsed.GetValue(output), parsed.GetValue(schema), parsed.GetValue(list), surroundings,
                cancellation),
            CancellationToken.None));
        return command;
    }

    private static int Run(
        string? name, string? folder, bool printsSchema, bool lists, Surroundings surroundings, CancellationToken cancellation)
    {
        if ((name is null ? 0 : 1) + (printsSchema ? 1 : 0) + (lists ? 1 : 0) != 1)
            throw new UsageException("expected one of FILE.json, a preset's name, --schema and --list");
        if (folder is not null && name is null)
            throw new UsageException("--output: expected a study to go with it, found none");
        if (name is not null)
            return new StudyRun(name, folder, surroundings).Run(cancellation);
        if (printsSchema)
            surroundings.Out.WriteLine(StudySchema.Text);
        foreach (StudyPreset preset in lists ? StudyPresets.All : [])
            surroundings.Out.WriteLine($"{preset.Name,-12}{preset.Summary}");
        return ExitCode.Success;
    }
}
