using Neuralink.Cli.Checkup.Checks;
using Neuralink.Cli.Models;
using Neuralink.Cli.Planning;
using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Checkup;

/// <summary>One run of `doctor`: look at the machine, its device and perhaps a model, print.</summary>
internal sealed class DoctorRun(string? model, bool json, Surroundings surroundings)
{
    public int Run(CancellationToken cancellation)
    {
        LoadChecks load = new(surroundings.SystemFiles, surroundings.Variable);
        PlanSettings settings = SettingsOf(model);
        PlanSubject? subject = model is null ? null : PlanSubject.Find(settings, surroundings, cancellation);
        string folder = Folder(), place = subject?.Image?.NeuronsPath ?? folder;
        Finding[] findings =
        [
            .. ProcessorChecks.Of(surroundings.SystemFiles),
            .. MemoryChecks.Of(surroundings.SystemFiles, surroundings.Time),
            .. new DeviceChecks(place, surroundings).Of(cancellation),
            .. subject is null ? [] : new ModelChecks(settings, subject, surroundings).Of(folder, cancellation),
            .. load.Of(),
        ];
        DoctorReport report = new()
        {
            Machine = surroundings.MachineName,
            Model = subject?.Name,
            Place = place,
            State = findings.Max(finding => finding.State),
            Findings = findings,
        };
        if (json)
            surroundings.Out.WriteLine(report.ToJson());
        else
            DoctorTable.Write(report, Screen.OnOut(surroundings));
        return report.State == FindingState.Problem ? ExitCode.Failure : ExitCode.Success;
    }

    /// <summary>
    /// Where models are packed to: the cache folder, or what there is of it, because looking makes no folders. Who has no home works here.
    /// </summary>
    private string Folder()
    {
        string? folder = ModelLocator.StoreOptions(surroundings).CacheFolder;
        while (folder is not null && !Directory.Exists(folder))
            folder = Path.GetDirectoryName(folder);
        return folder ?? Directory.GetCurrentDirectory();
    }

    // As `plan` without options.
    private static PlanSettings SettingsOf(string? model) => new()
    {
        Model = model,
        ContextTokens = null,
        Strategy = null,
        Profile = null,
        Trace = null,
        Reading = new ModelReading(null, null),
        Json = false,
        Engine = new EngineOptions(),
    };
}
