using Neuralink.Cli.Planning;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;
using Neuralink.Studies.Planning;

namespace Neuralink.Cli.Checkup.Checks;

/// <summary>A model on this machine: its size, whether it fits, and how fast it will be.</summary>
internal sealed class ModelChecks(PlanSettings settings, PlanSubject subject, Surroundings surroundings)
{
    // What the process takes beside the engine's own memory: the runtime, the code, managed objects (README, "Memory").
    private const long RuntimeBytes = 100 << 20;

    private const string Size = "model", Memory = "model_memory", Speed = "model_speed";

    public IEnumerable<Finding> Of(string cacheFolder, CancellationToken cancellation)
    {
        yield return SizeOf(FreeBytes(cacheFolder));
        PlanDevice? device = null;
        MemoryPlan? plan = null;
        long smallest = 0;
        Finding? failure = null;
        try
        {
            device = PlanDevice.Find(settings, subject, surroundings);
            EngineOptions options = device.Options with { ContextTokens = ContextOf(subject) };
            plan = subject.Model.MemoryPlanOf(options);
            smallest = GenerationPlanner.SmallestBytes(subject.Model, options);
        }
        catch (NeuralinkException error)
        {
            failure = Finding.Problem(Memory, error.Message, "see 'neuralink plan' for the options that decide it");
        }
        if (failure is not null)
        {
            yield return failure;
            yield break;
        }
        long left = Math.Max(0, MemoryChecks.LeftBytes(surroundings.SystemFiles) - RuntimeBytes);
        bool fitsWhole = plan!.TotalBytes - plan.CacheBytes + FlashBytes <= left;
        yield return MemoryOf(plan, smallest, left, fitsWhole);
        if (smallest <= left)
            yield return SpeedOf(device!, plan.TotalBytes <= left ? null : left, fitsWhole, cancellation);
    }

    /// <summary>Whether the default plan fits, or a smaller one, and whether all of the model would.</summary>
    internal static Finding MemoryOf(MemoryPlan plan, long smallestBytes, long leftBytes, bool fitsWhole)
    {
        string value = $"by default {ByteSize.Format(plan.TotalBytes)} ({ByteSize.Format(plan.ResidentBytes)} of it resident weights), "
            + $"at least {ByteSize.Format(smallestBytes)}; {ByteSize.Format(leftBytes)} are left for it";
        (string, double)[] metrics =
            [("default_bytes", plan.TotalBytes), ("smallest_bytes", smallestBytes), ("left_bytes", leftBytes)];
        if (smallestBytes > leftBytes)
            return Finding.Problem(Memory, value, "free memory, raise the limit, or take a smaller model", metrics);
        if (plan.TotalBytes > leftBytes)
            return Finding.Note(Memory, value, $"give --memory {leftBytes >> 20}MiB", metrics);
        return Finding.Good(Memory, fitsWhole ? $"{value}, and all neurons fit too: --cache 100%" : value, metrics);
    }

    private long FlashBytes =>
        (long)subject.Model.Config.FfnCount * subject.Model.Config.FfnSize * subject.Model.Layout.StrideBytes;

    private Finding SizeOf(long? freeBytes)
    {
        string value = $"{subject.Name}, {subject.Model.Formats.ToManifest()}: {ByteSize.Format(FlashBytes)} on flash, "
            + $"{subject.Model.Config.FfnCount} layers of {subject.Model.Config.FfnSize} neurons";
        (string, double)[] metrics = [("flash_bytes", FlashBytes)];
        if (subject.Image is not null)
            return Finding.Good(Size, value, metrics);
        return freeBytes is { } free && free < FlashBytes
            ? Finding.Problem(
                Size, $"{value}; not packed, and only {ByteSize.Format(free)} are free for the image", "free space in the cache folder, or "
                + "'neuralink pack' to another disk", metrics)
            : Finding.Good(Size, $"{value}; not packed: that is done when it is first used, or by 'neuralink pack'", metrics);
    }

    private Finding SpeedOf(PlanDevice device, long? memoryBytes, bool fitsWhole, CancellationToken cancellation)
    {
        try
        {
            PlanReport report = new PlanRun(settings, surroundings).Report(
                subject, device with { Options = device.Options with { MemoryBytes = memoryBytes } }, cancellation);
            return SpeedOf(report.Strategy, report.Columns[1], fitsWhole);
        }
        catch (NeuralinkException error)
        {
            return Finding.Note(Speed, $"not planned: {error.Message}", "see 'neuralink plan'");
        }
    }

    internal static Finding SpeedOf(string strategy, PlanColumn column, bool fitsWhole)
    {
        string value = $"{column.TokensPerSecond:0.0} tokens/s by {strategy}, {column.CachedShare:0%} of the neurons cached; a token of "
            + $"{column.Millis.Token:0.0} ms reads {ByteSize.Format(column.BytesPerToken)} in {column.ReadsPerToken:0} reads and waits "
            + $"{column.Millis.Wait:0.0} ms for them";
        (string, double)[] metrics =
        [
            ("tokens_per_second", column.TokensPerSecond), ("wait_ms", column.Millis.Wait), ("token_ms", column.Millis.Token),
            ("bytes_per_token", column.BytesPerToken),
        ];
        return column.Millis.Wait <= column.Millis.Token / 2
            ? Finding.Good(Speed, value, metrics)
            : Finding.Note(
                Speed, value,
                fitsWhole
                    ? "give --cache 100%, for which there is room"
                    : "give --memory more, if there is: 'neuralink plan' says what it brings",
                metrics);
    }

    private static int ContextOf(PlanSubject subject) =>
        Math.Min(subject.Model.Config.ContextLength, PlanSettings.DefaultContextTokens);

    private static long? FreeBytes(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
