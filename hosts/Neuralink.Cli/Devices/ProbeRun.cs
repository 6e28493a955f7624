using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Devices;

/// <summary>One run of `probe`: find the device, measure, save, print.</summary>
internal sealed class ProbeRun(ProbeSettings settings, Surroundings surroundings)
{
    public int Run(CancellationToken cancellation)
    {
        string target = Target();
        if (settings.Output is { } output && (File.Exists(output) || Directory.Exists(output)))
            throw new NeuralinkException($"write {output}", "no such file", "it exists", "remove it or choose another name");
        DeviceVolume volume = DeviceVolume.Of(target, surroundings.MachineName);
        ProbeResult result = Measure(target, volume, cancellation);
        ProbeAnalysis analysis = ProbeAnalysis.Of(result.Measurements);
        DeviceProfile profile = analysis.ToProfile(volume, Describe(result));
        string path = Save(profile);
        ProbeReport report = ProbeReport.Of(profile, path, result, analysis);
        if (settings.Json)
            surroundings.Out.WriteLine(report.ToJson());
        else
            ProbeTables.Write(report, isPickedUp: settings.Output is null, Screen.OnOut(surroundings));
        return ExitCode.Success;
    }

    /// <summary>What to measure: of an image its neurons, wherever a link leads to them; else the file or folder that was named.</summary>
    private string Target()
    {
        if (settings.Path is not { } path)
            return Directory.CreateDirectory(ModelLocator.CacheFolderOf(surroundings)).FullName;
        if (FlashImage.IsImage(path))
            path = Path.Combine(path, ImageFiles.Neurons);
        path = DeviceVolume.RealPath(path);
        if (Directory.Exists(path))
            return path;
        if (!File.Exists(path))
        {
            throw new NeuralinkException(
                $"measure {settings.Path}", "a flash image, a file or a folder on the device", "no such file or folder");
        }
        if (settings.Options.FileBytes is null && !DeviceProbe.MeasuresItself(path, settings.Options))
        {
            surroundings.Note(
                $"{path} of {ByteSize.Format(new FileInfo(path).Length)} would be read from some cache below the file system: a "
                + $"temporary file beside it is measured, as for all files below {ByteSize.Format(DeviceProbe.OwnFileBytesMin)}");
        }
        return path;
    }

    private ProbeResult Measure(string target, DeviceVolume volume, CancellationToken cancellation)
    {
        ProbeResult? result = null;
        ProgressDisplay.Run(surroundings, $"measuring {volume.Name}", share =>
            result = DeviceProbe.Run(target, volume, settings.Options, surroundings.Time, share, cancellation));
        return result!;
    }

    private string Describe(ProbeResult result) =>
        $"neuralink {typeof(ProbeRun).Assembly.GetName().Version?.ToString(3)} probe: random direct reads of "
        + $"{result.File ?? "a temporary file"} of {ByteSize.Format(result.FileBytes)}, median of {result.Rounds} rounds in "
        + $"{settings.Options.Time.TotalSeconds:0.#} s";

    private string Save(DeviceProfile profile)
    {
        if (settings.Output is { } output)
        {
            profile.Write(output);
            return output;
        }
        return new ProfileStore(ModelLocator.StoreOptions(surroundings)).Save(profile);
    }
}
