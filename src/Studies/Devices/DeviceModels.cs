using Neuralink.Placement.Cost;
using Neuralink.Storage;
using Neuralink.Storage.Profiles;

namespace Neuralink.Studies.Devices;

/// <summary>The device models that there are, and those made from a measured profile.</summary>
public static class DeviceModels
{
    /// <summary>What a study calls the disk of the model's image.</summary>
    public const string This = "this";

    private const string Ufs40 = "ufs-4.0", Ufs31 = "ufs-3.1";
    private const int UfsQueue = 32;

    // From a read's submission to its completion beyond the device's work for it, where a profile does not say: see
    // Planning.GenerationPlanner.DeviceLatencyMicros.
    private const double AssumedLatencyMicros = Planning.GenerationPlanner.DeviceLatencyMicros;

    /// <summary>Those that ship.</summary>
    public static IReadOnlyList<DeviceModel> All { get; } = [MakeUfs40(), MakeUfs31(), MakeNvme(), MakeMicroSd()];

    /// <summary>The names of those that ship, and what else a study may name.</summary>
    public static string Expected => $"{string.Join(", ", All.Select(d => d.Name))}, {This} or the path of a DEVICE.json";

    /// <summary>The device model of that name, or of the profile at that path.</summary>
    /// <param name="name">As in a study file; not <see cref="This"/>.</param>
    /// <exception cref="NeuralinkException">There is none; the message lists those that there are. Or the profile is damaged.</exception>
    public static DeviceModel Find(string name)
    {
        if (All.FirstOrDefault(d => d.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found)
            return found;
        if (!File.Exists(name))
            throw new NeuralinkException("find a device", Expected, $"'{name}'", "a profile is made by 'neuralink probe -o DEVICE.json'");
        return Of(DeviceProfile.Read(name), Path.GetFileNameWithoutExtension(name));
    }

    /// <summary>A device as it was measured.</summary>
    /// <param name="profile">What reads cost, of the advised depth and, where it is known, alone.</param>
    /// <param name="name">What the study calls it.</param>
    public static DeviceModel Of(DeviceProfile profile, string name)
    {
        // A layer's reads come in bursts.
        ReadCost cost = profile.BurstReads is { } burst ? new ReadCost(DeviceRead.ToPoints(burst)) : profile.ToReadCost();
        int depth = profile.QueueDepth ?? new EngineOptions().QueueDepth;
        return new DeviceModel
        {
            Name = name,
            Title = profile.Name,
            Cost = cost,
            Latency = profile.LoneReads is { } lone ? LatencyOf(cost, lone) : new ReadLatency(AssumedLatencyMicros),
            SubmitMicros = profile.ProcessorMicros,
            QueueDepth = DeviceProfile.QueueDepthMax,
            AdvisedDepth = depth,
            Sources =
            [
                $"reads: {profile.MeasuredWith}",
                profile.LoneReads is null
                    ? $"a lone read takes {AssumedLatencyMicros:0} us more: assumed, the profile does not say"
                    : "in bursts, after pauses: measured so",
            ],
        };
    }

    /// <summary>A straight line through what lone reads take beyond the device's work, by least squares; it never falls.</summary>
    private static ReadLatency LatencyOf(ReadCost cost, IReadOnlyList<DeviceRead> lone)
    {
        (double Bytes, double More)[] points = [.. lone.Select(r => ((double)r.Bytes, Math.Max(0, r.Micros - cost.MicrosOf(r.Bytes))))];
        // The reads of a layer are among the short ones; the long ones would outweigh them.
        double weight = 0, x = 0, y = 0, xx = 0, xy = 0;
        foreach ((double bytes, double more) in points)
        {
            double w = 1 / bytes;
            (weight, x, y, xx, xy) = (weight + w, x + (w * bytes), y + (w * more), xx + (w * bytes * bytes), xy + (w * bytes * more));
        }
        double slope = Math.Max(0, ((weight * xy) - (x * y)) / ((weight * xx) - (x * x)));
        return new ReadLatency(Math.Max(0, (y - (slope * x)) / weight), slope);
    }

    private static DeviceModel MakeUfs40()
    {
        (double command, double bandwidth) = PublishedReads.FitTable2();
        return new DeviceModel
        {
            Name = Ufs40,
            Title = "UFS 4.0 of a OnePlus 12",
            Cost = ReadCost.Linear(command, bandwidth),
            Latency = new ReadLatency(LoneUfsMicros() - command),
            QueueDepth = UfsQueue,
            AdvisedDepth = UfsQueue,
            ReadersPenalty = 0.4,
            // Table 2 was read over 384 MiB: what 4 KiB reads lose beyond 512 MiB, to 850 of 1000 MB/s, is counted from there on.
            Range = new RandomRange(384L << 20, 512L << 20, (1000.0 / 850) - 1),
            Sources =
            [
                $"{command:0.0} us a read and {bandwidth:0} MB/s: fitted to the four rows of Table 2 (Neuralink, arXiv 2410.19274v3)",
                "one queue of 32 commands: the same, section on UFS",
                "a lone read: as UFS 3.1's below; the publications say nothing of it",
                "up to 40% less by several submitting threads, 4 KiB reads over more than 512 MiB at 850 instead of 1000 MB/s: "
                    + "PowerInfer-2 (arXiv 2406.06282)",
            ],
        };
    }

    private static DeviceModel MakeUfs31()
    {
        const double Bandwidth = 2100, Command = 1e6 / 100_000;
        return new DeviceModel
        {
            Name = Ufs31,
            Title = "UFS 3.1 of a OnePlus Ace 2",
            Cost = ReadCost.Linear(Command - (4096 / Bandwidth), Bandwidth),
            Latency = new ReadLatency(LoneUfsMicros() - Command + (4096 / Bandwidth)),
            QueueDepth = UfsQueue,
            AdvisedDepth = UfsQueue,
            ReadersPenalty = 0.4,
            Sources =
            [
                "2100 MB/s and 100 K reads/s of 4 KiB: Samsung's announcement of its 512 GB eUFS 3.1 (17 March 2020)",
                "one queue of 32 commands: Neuralink (arXiv 2410.19274v3), section on UFS",
                $"a lone read takes {LoneUfsMicros():0} us and its bytes: fitted to Table 1's column of OPT-1.3B, the same",
                "up to 40% less by several submitting threads: PowerInfer-2 (arXiv 2406.06282), of UFS 4.0",
            ],
        };
    }

    private static double LoneUfsMicros() => PublishedReads.FitLoneRead(bytesPerMicro: 2100);

    private static DeviceModel MakeNvme()
    {
        const double Bandwidth = 7000, Work = 1e6 / 1_000_000, Lone = 1e6 / 22_000;
        return new DeviceModel
        {
            Name = "nvme",
            Title = "an NVMe drive of PCIe 4.0 (Samsung 980 PRO, 1 TB)",
            // Its million reads/s need many submitting threads; the processor's share is modelled apart.
            Cost = ReadCost.Linear(Work - (4096 / Bandwidth), Bandwidth),
            Latency = new ReadLatency(Lone - Work),
            QueueDepth = 128,
            AdvisedDepth = 64,
            Sources =
            [
                "7000 MB/s, 1000 K reads/s of 4 KiB in a full queue, 22 K one at a time: Samsung's data sheet of the 980 PRO 1 TB (2020)",
                "queues deeper than 128 are not modelled",
            ],
        };
    }

    private static DeviceModel MakeMicroSd()
    {
        const double Bandwidth = 104, Work = 1e6 / 4000, Lone = 1e6 / 1500;
        return new DeviceModel
        {
            Name = "microsd",
            Title = "a microSD card of class A2 on a UHS-I bus",
            Cost = ReadCost.Linear(Work - (4096 / Bandwidth), Bandwidth),
            Latency = new ReadLatency(Lone - Work),
            QueueDepth = UfsQueue,
            AdvisedDepth = UfsQueue,
            Sources =
            [
                "104 MB/s: the bus of UHS-I (SDR104)",
                "4000 reads/s of 4 KiB with a queue: the least of class A2 (SD Physical Layer 6.0), whose queue has 32 commands",
                "1500 reads/s one at a time: the least of class A1, which has no queue (SD Physical Layer 5.1)",
            ],
        };
    }
}
