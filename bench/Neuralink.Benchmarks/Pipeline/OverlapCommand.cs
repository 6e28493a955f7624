using System.Globalization;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Packing;
using Neuralink.Placement.Cost;
using Neuralink.Storage.Image;
using Neuralink.Studies.Measuring;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>
/// `overlap`: what overlapping reads with computing saves, on a device slowed to where both take the same time: the best case for
/// overlap, in which a perfect one would halve the time; `--slow 0.5` and `--slow 2` make it half and twice as slow as that. The device is
/// the image in memory behind a modelled cost: like direct I/O, and
/// unlike the page cache, it costs little of the processors' time. Serial and overlapped runs take turns; figures are medians.
/// </summary>
internal sealed class OverlapCommand
{
    // The knee of a phone's UFS 4.0 and of a cloud disk: bandwidth / IOPS.
    private const double KneeBytes = 20 << 10;

    private int _rounds = 7;
    private double[] _slows = [1];
    private double? _readMicros;      // of a device that is given instead of fitted to the computing
    private double _bytesPerMicro;
    private SyntheticFamily _family = SyntheticFamily.Llama;
    private ExecutionStrategy[] _strategies = [ExecutionStrategy.Serial, ExecutionStrategy.PrefetchCluster];
    private string? _source;
    private string? _image;
    private string? _timeline;
    private OverlapRun _run = new();

    public static async Task<int> RunAsync(string[] arguments)
    {
        OverlapCommand command = new();
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            if (command.TrySet(arguments[i], arguments[i + 1]))
                continue;
            Console.Error.WriteLine($"overlap: unknown option {arguments[i]}");
            return 2;
        }
        string root = Directory.CreateTempSubdirectory("neuralink-bench-").FullName;
        try
        {
            await command.CompareAsync(command._image is { } image && Directory.Exists(image) ? image : command.Pack(root));
            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private bool TrySet(string option, string value)
    {
        switch (option)
        {
            case "--threads":
                _run = _run with { Threads = int.Parse(value, CultureInfo.InvariantCulture) };
                return true;
            case "--rounds":
                _rounds = int.Parse(value, CultureInfo.InvariantCulture);
                return true;
            case "--margin":
                _run = _run with { Margin = float.Parse(value, CultureInfo.InvariantCulture) };
                return true;
            case "--precision":
                _run = _run with { PrecisionMin = double.Parse(value, CultureInfo.InvariantCulture) };
                return true;
            case "--strategies":
                _strategies = [.. value.Split(',').Select(name => Enum.Parse<ExecutionStrategy>(name, ignoreCase: true))];
                return true;
            case "--slow":
                _slows = [.. value.Split(',').Select(part => double.Parse(part, CultureInfo.InvariantCulture))];
                return true;
            case "--device":
                string[] parts = value.Split(',');
                (_readMicros, _bytesPerMicro) =
                    (double.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture));
                return true;
            case "--shape":
                return Enum.TryParse(value, ignoreCase: true, out _family);
            case "--model":
                _source = value;
                return true;
            case "--image":
                _image = value;
                return true;
            case "--timeline":
                _timeline = value;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Makes the image, to stay where one is named that is not there yet.</summary>
    private string Pack(string root)
    {
        if (_source is null)
        {
            _source = Path.Combine(root, "synthetic");
            Console.Error.WriteLine($"writing a synthetic model of 24 layers ({_family}) ...");
            new SyntheticModel(_family).Write(_source, Path.Combine(BundledModel.Folder, "tokenizer.json"), seed: 1);
        }
        string image = _image ?? Path.Combine(root, "model.nlk");
        using Checkpoint checkpoint = Checkpoint.Open(_source);
        ModelPacker.Pack(checkpoint, image, new PackOptions());
        return image;
    }

    private async Task CompareAsync(string image)
    {
        using NeuronsInMemory neurons = new(FlashImage.Open(image));
        OverlapRun run = _run with { Image = image, Neurons = neurons };
        if (_readMicros is { } readMicros)
        {
            await CompareAsync(run with { Cost = ReadCost.Linear(readMicros, _bytesPerMicro) });
            return;
        }
        GenerationResult serial = await run.GenerateAsync(ExecutionStrategy.Serial);
        GenerationResult overlap = await run.GenerateAsync(ExecutionStrategy.PrefetchCluster);
        double reads = (double)serial.Io.Reads / Passes(serial), bytes = (double)serial.Io.BytesRead / Passes(serial);
        Console.WriteLine(
            $"{run.Threads} thread(s); a token computes for {ComputeMillis(serial):0.00} ms, with lookahead "
            + $"{ComputeMillis(overlap):0.00} ms, and reads {bytes / 1024:0} KiB in {reads:0} reads");
        foreach (double slow in _slows)
        {
            double bytesPerMicro = ((reads * KneeBytes) + bytes) / (ComputeMillis(overlap) * 1000 * slow);
            Console.WriteLine(
                $"device: {KneeBytes / bytesPerMicro:0.0} us a read, {bytesPerMicro:0} MB/s, so that a token reads {slow} times as long as "
                + "it computes with lookahead");
            await CompareAsync(run with { Cost = ReadCost.Linear(KneeBytes / bytesPerMicro, bytesPerMicro) });
        }
    }

    private async Task CompareAsync(OverlapRun run)
    {
        List<GenerationResult>[] results = [.. _strategies.Select(_ => new List<GenerationResult>())];
        for (int round = 0; round < _rounds; round++)
        {
            for (int i = 0; i < _strategies.Length; i++)
                results[i].Add(await run.GenerateAsync(_strategies[i]));
        }
        Console.WriteLine(
            "strategy         ms/token  wait ms        device ms  must cost  reads  on time  late  wasted  repaired (neurons a token)");
        for (int i = 0; i < _strategies.Length; i++)
            Print(_strategies[i].ToString(), results[i], run.Cost!);
        if (_strategies.Length == 2)
        {
            double[] ratios = [.. results[0].Zip(results[1], (s, o) => MillisPerToken(o) / MillisPerToken(s)).Order()];
            Console.WriteLine(
                $"second / first: {ratios[ratios.Length / 2]:0.000} (median of {_rounds} pairs; {ratios[0]:0.000} to {ratios[^1]:0.000})");
        }
        if (_timeline is null)
            return;
        Timeline timeline = new(TimeProvider.System);
        await run.GenerateAsync(ExecutionStrategy.PrefetchCluster, timeline);
        using FileStream file = File.Create(_timeline);
        timeline.Write(file);
    }

    private static void Print(string name, List<GenerationResult> results, ReadCost cost)
    {
        Console.WriteLine(
            $"{name,-15} {Median(MillisPerToken),9:0.00} {Median(WaitMillis),8:0.00} "
            + $"({Median(r => WaitMillis(r) / MillisPerToken(r)):0.0%}) "
            + $"{Median(r => r.Io.IoMillis / Passes(r)),10:0.00} "
            + $"{Median(r => r.Io.Reads * cost.MicrosOf((long)r.Io.MeanReadBytes) / 1000 / Passes(r)),10:0.00} "
            + $"{Median(r => (double)r.Io.Reads / Passes(r)),6:0} "
            + $"{Median(r => (double)r.Io.PrefetchOnTime / Passes(r)),8:0} {Median(r => (double)r.Io.PrefetchLate / Passes(r)),5:0} "
            + $"{Median(r => (double)r.Io.PrefetchWasted / Passes(r)),7:0} {Median(r => (double)r.Io.DemandMisses / Passes(r)),9:0}");

        double Median(Func<GenerationResult, double> figure) => results.Select(figure).Order().ElementAt(results.Count / 2);
    }

    private static double MillisPerToken(GenerationResult result) =>
        (result.Timings.PromptMillis + result.Timings.PredictedMillis) / Passes(result);

    private static double WaitMillis(GenerationResult result) => result.Io.WaitMillis / Passes(result);

    private static double ComputeMillis(GenerationResult result) => MillisPerToken(result) - WaitMillis(result);

    // The prompt is one token, and the last token is not run.
    private static int Passes(GenerationResult result) => result.Tokens.Count;
}
