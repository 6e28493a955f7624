using System.Globalization;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Packing;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;
using Neuralink.Studies.Devices;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>
/// `simulation`: what the simulator predicts of a token, beside what the engine takes for it on this disk. Both run the same tokens of the
/// same text, one a pass: the engine scores it, and the simulator plays its activation trace. In each round the disk is probed, on the
/// image's own file, and then each cell is run and its computing timed: machines differ from one minute to the next. Figures are of the
/// second half of the text, and medians of the rounds.
/// </summary>
internal static class SimulationCommand
{
    private static readonly ExecutionStrategy[] s_strategies =
        [ExecutionStrategy.Serial, ExecutionStrategy.Prefetch, ExecutionStrategy.PrefetchCluster];

    public static async Task<int> RunAsync(string[] arguments)
    {
        string? image = null;
        int rounds = 5, threads = 2, probeSeconds = 4;
        ExecutionStrategy[] strategies = s_strategies;
        double[] caches = [0.05, 0.2, 0.5];
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            string value = arguments[i + 1];
            switch (arguments[i])
            {
                case "--image":
                    image = value;
                    break;
                case "--caches":
                    caches = [.. value.Split(',').Select(share => double.Parse(share, CultureInfo.InvariantCulture))];
                    break;
                case "--strategies":
                    strategies = [.. s_strategies.Where(s => value.Split(',').Contains(StrategySwitches.Of(s).Name))];
                    break;
                case "--rounds":
                    rounds = int.Parse(value);
                    break;
                case "--threads":
                    threads = int.Parse(value);
                    break;
                case "--probe-seconds":
                    probeSeconds = int.Parse(value);
                    break;
                default:
                    Console.Error.WriteLine($"simulation: unknown option {arguments[i]}");
                    return 2;
            }
        }
        string root = Directory.CreateTempSubdirectory("neuralink-bench-").FullName;
        try
        {
            if (image is null)
            {
                image = Path.Combine(root, "model.nlk");
                using Checkpoint checkpoint = Checkpoint.Open(BundledModel.Folder);
                ModelPacker.Pack(checkpoint, image, new PackOptions());
            }
            ScoredText text = await ScoredText.MakeAsync(image, threads, root);
            SimulatedAndMeasured[] cells =
            [
                .. from strategy in strategies
                   from cache in caches
                   select new SimulatedAndMeasured(image, text, strategy, cache, threads),
            ];
            for (int round = 0; round < rounds; round++)
            {
                DeviceModel device = Probe(image, probeSeconds);
                Console.Error.WriteLine(Describe(device));
                foreach (SimulatedAndMeasured cell in cells)
                    await cell.RunAsync(device);
            }
            Console.WriteLine(SimulatedAndMeasured.Header);
            foreach (SimulatedAndMeasured cell in cells)
                Console.WriteLine(cell.Row());
            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static string Describe(DeviceModel device) => string.Create(
        CultureInfo.InvariantCulture,
        $"reads of 4, 16, 64 KiB: {device.Cost.MicrosOf(4096):0} {device.Cost.MicrosOf(16384):0} {device.Cost.MicrosOf(65536):0} us, a "
        + $"lone one {device.Latency.MicrosOf(4096):0} {device.Latency.MicrosOf(16384):0} {device.Latency.MicrosOf(65536):0} us more; "
        + $"{device.SubmitMicros:0} us of the processor; depth {device.AdvisedDepth}");

    private static DeviceModel Probe(string image, int seconds)
    {
        string path = Path.Combine(image, ImageFiles.Neurons);
        ProbeOptions options = new(TimeSpan.FromSeconds(seconds), Itself: true);
        DeviceVolume volume = DeviceVolume.Of(path, Environment.MachineName);
        ProbeResult result = DeviceProbe.Run(path, volume, options, TimeProvider.System, new Progress<double>(), CancellationToken.None);
        ProbeMeasurement[] threads = [.. result.Measurements.Where(m => m.Cell.IoMethod == DeviceProfile.IoMethods[0])];
        return DeviceModels.Of(ProbeAnalysis.Of(threads).ToProfile(volume, "bursts of this program"), DeviceModels.This);
    }
}
