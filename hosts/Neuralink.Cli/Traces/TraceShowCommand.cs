using System.CommandLine;
using System.Text.Json;
using Neuralink.Cli.Terminal;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Traces;

/// <summary>`neuralink trace show`: what a trace says about each layer.</summary>
internal static class TraceShowCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink trace show stories.trace",
        "neuralink trace show stories.trace --json | jq .mean.firing_share",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string> trace = new("TRACE") { Description = "A trace made by 'neuralink trace'" };
        Option<bool> json = CommonOptions.Json("tables");
        Command command = new(
            "show",
            "Show, layer by layer, the share of neurons that fire at a token, the share of neurons that make 80% of activations, the mean "
            + "length of runs of neighbouring neurons that fire together in the model's own order, and how often one neuron fires when "
            + "another does.")
        {
            trace, json,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Task.FromResult(Run(parsed.GetRequiredValue(trace), parsed.GetValue(json), surroundings, cancellation)));
        return command;
    }

    private static int Run(string path, bool json, Surroundings surroundings, CancellationToken cancellation)
    {
        using ActivationTrace trace = ActivationTrace.Open(path);
        TraceReport? report = null;
        ProgressDisplay.Run(surroundings, "reading", progress => report = TraceReport.Of(trace, progress, cancellation));
        if (json)
            surroundings.Out.WriteLine(JsonSerializer.Serialize(report!, TraceReportJson.Default.TraceReport));
        else
            TraceTable.Write(report!, Screen.OnOut(surroundings));
        return ExitCode.Success;
    }
}
