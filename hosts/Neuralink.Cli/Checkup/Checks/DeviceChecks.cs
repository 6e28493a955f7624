using Neuralink.Cli.Checkup.Machine;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Checkup.Checks;

/// <summary>The device that a model is read from: how it can be read, how fast it is, and whether its profile is known.</summary>
/// <param name="place">A file on it, or a folder.</param>
/// <param name="surroundings">Clock, cache folder, progress.</param>
internal sealed class DeviceChecks(string place, Surroundings surroundings)
{
    // A slice of a few milliseconds for each kind of read.
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(1.5);

    // What is written where no long file lies. A probe that must be good takes longer.
    private const long FileBytes = 32 << 20;

    private const double FirstReadsSlowdownMin = 2, ProfileShareMin = 0.5;

    public IEnumerable<Finding> Of(CancellationToken cancellation)
    {
        foreach (Finding finding in Abilities())
            yield return finding;
        (DeviceVolume? volume, string? unknown) = Try(() => DeviceVolume.Of(place, surroundings.MachineName));
        DeviceProfile? saved = volume is null ? null : new ProfileStore(ModelLocator.StoreOptions(surroundings)).Find(place);
        yield return volume is null ? NotMeasured(unknown!) : Speed(volume, saved, cancellation);
        yield return Profile(saved);
    }

    internal static Finding Direct(ReadAbilities abilities) => abilities.DirectRefusal is { } refusal
        ? Finding.Note(
            "direct_reads", $"do not work: {refusal}",
            "keep models on a file system with them (ext4, xfs, btrfs): otherwise the page cache takes memory of its own for what is read")
        : Finding.Good(
            "direct_reads", $"work, in multiples of {abilities.AlignmentBytes} bytes", ("alignment_bytes", abilities.AlignmentBytes));

    internal static Finding Uring(ReadAbilities abilities, SystemFiles files)
    {
        const string Switch = "/proc/sys/kernel/io_uring_disabled";
        if (abilities.UringRefusal is not { } refusal)
            return Finding.Good("io_uring", "works");
        string advice = files.Word(Switch) is "1" or "2" ? "'sysctl kernel.io_uring_disabled=0', as root"
            : ContainerHints.HasCallFilter(files)
                ? "allow io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp profile"
            : "nothing need be done: reads go by threads, which take more of the processors";
        return Finding.Note("io_uring", $"does not work: {refusal}", advice);
    }

    private IEnumerable<Finding> Abilities()
    {
        (ReadAbilities? abilities, string? failure) = Try(() => ReadAbilities.Try(place, surroundings.Time));
        if (abilities is null)
        {
            return
            [
                Finding.Note("direct_reads", $"not tried: {failure}", Writable),
                Finding.Note("io_uring", $"not tried: {failure}", Writable),
            ];
        }
        return [Direct(abilities), Uring(abilities, surroundings.SystemFiles)];
    }

    private Finding Speed(DeviceVolume volume, DeviceProfile? saved, CancellationToken cancellation)
    {
        ProbeOptions options = new(s_time);
        if (!DeviceProbe.MeasuresItself(DeviceVolume.RealPath(place), options))
            options = options with { FileBytes = FileBytes };
        (ProbeResult? result, string? failure) = Try(() =>
        {
            ProbeResult? found = null;
            ProgressDisplay.Run(surroundings, $"measuring {volume.Name}", share => found = DeviceProbe.Run(
                DeviceVolume.RealPath(place), volume, options, surroundings.Time, share, cancellation));
            return found!;
        });
        (ProbeAnalysis? analysis, failure) = result is null ? (null, failure) : Try(() => ProbeAnalysis.Of(result.Measurements));
        return analysis is null ? NotMeasured(failure!) : Speed(volume, result!, analysis, saved);
    }

    internal static Finding Speed(DeviceVolume volume, ProbeResult result, ProbeAnalysis analysis, DeviceProfile? saved)
    {
        double most = analysis.Cost.BytesPerMicroMax;
        long knee = analysis.Cost.KneeBytes();
        string value = $"{volume.Name}: {most:0} MB/s at most, and 80% of it from reads of {ByteSize.Format(knee)} on; best by "
            + $"{analysis.IoMethod} at queue depth {analysis.QueueDepth}";
        (string, double)[] metrics =
            [("bytes_per_second_max", most * 1e6), ("knee_bytes", knee), ("queue_depth", analysis.QueueDepth)];
        if (saved?.ToReadCost().BytesPerMicroMax is { } before && most < before * ProfileShareMin)
        {
            return Finding.Note(
                "device", $"{value}; its profile says {before:0} MB/s", "end what else uses it; or 'neuralink probe' once more", metrics);
        }
        return result.FirstReadsSlowdown is { } slowdown and >= FirstReadsSlowdownMin
            ? Finding.Note(
                "device", $"{value}; the first reads took {slowdown:0.0} times as long",
                "expect a first run to be slower: a drive or a host holds the file in its own memory by now", metrics)
            : Finding.Good("device", value, metrics);
    }

    internal static Finding Profile(DeviceProfile? saved)
    {
        const string Name = "device_profile";
        if (saved is null)
        {
            return Finding.Note(
                Name, "none is saved for this volume: reads are planned for a device of 20 us a read and 1000 MB/s",
                "'neuralink probe', with the model's image if there is one: 20 seconds");
        }
        ReadCostText cost = ReadCostText.Of(saved);
        return Finding.Good(Name, $"{cost.Text}; {saved.IoMethod} at queue depth {saved.QueueDepth}", cost.Metrics);
    }

    private static Finding NotMeasured(string failure) => Finding.Note("device", $"not measured: {failure}", Writable);

    private const string Writable = "name a model on a flash device that may be written to, or set XDG_CACHE_HOME to a folder there";

    /// <summary>The result, or what the failure says.</summary>
    private static (T? Result, string? Failure) Try<T>(Func<T> work)
        where T : class
    {
        try
        {
            return (work(), null);
        }
        catch (NeuralinkException error)
        {
            return (null, error.Message);
        }
    }

    private sealed record ReadCostText(string Text, (string, double)[] Metrics)
    {
        public static ReadCostText Of(DeviceProfile profile)
        {
            double most = profile.ToReadCost().BytesPerMicroMax;
            long knee = profile.ToReadCost().KneeBytes();
            return new ReadCostText(
                $"{most:0} MB/s at most, knee at {ByteSize.Format(knee)}", [("bytes_per_second_max", most * 1e6), ("knee_bytes", knee)]);
        }
    }
}
