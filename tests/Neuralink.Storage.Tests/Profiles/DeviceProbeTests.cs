using System.Runtime.Versioning;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Profiles;

namespace Neuralink.Storage.Tests.Profiles;

/// <summary>
/// Measures in a folder beside the tests' program: that one lies on a disk even where temporary files lie in memory.
/// </summary>
public sealed class DeviceProbeTests : IDisposable
{
    private static readonly ProbeOptions s_short = new(TimeSpan.FromMilliseconds(100), DeviceProbe.FileBytesMin);

    private readonly string _folder = Path.Combine(AppContext.BaseDirectory, $"probe-{Guid.NewGuid():n}");

    public DeviceProbeTests() => Directory.CreateDirectory(_folder);

    private DeviceVolume Volume => DeviceVolume.Of(_folder, "vm");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_cell_is_measured_and_nothing_stays()
    {
        List<double> shares = [];
        ProbeResult result = Run(_folder, s_short, shares.Add);
        string[] methods = result.UringRefusal is null ? ["threads", "io_uring"] : ["threads"];
        ShouldHaveEveryCell(result, methods);
        (result.File, result.FileBytes).Should().Be((null, DeviceProbe.FileBytesMin));
        result.Rounds.Should().Be(1, "a tenth of a second is over after the first round, which is always finished");
        (result.FirstMicros, result.FirstReadsSlowdown).Should().Be((null, null), "it was just written");
        shares.Should().BeInAscendingOrder().And.OnlyContain(share => share >= 0 && share <= 1);
        Directory.GetFileSystemEntries(_folder).Should().BeEmpty();
    }

    [Fact]
    public void Where_io_uring_is_refused_threads_are_measured_alone_and_the_reason_is_said()
    {
        const string Missing = "it is a part of Linux";
        const string Forbidden = "io_uring is forbidden here (by kernel.io_uring_disabled or a container's seccomp filter)";
        ProbeResult forbidden = RunWith((uint _, ref UringParameters _) => -LibC.Eperm), missing = RunWith(null);
        ShouldHaveEveryCell(forbidden, "threads");
        ShouldHaveEveryCell(missing, "threads");
        forbidden.UringRefusal.Should().Be(OperatingSystem.IsLinux() ? Forbidden : Missing);
        missing.UringRefusal.Should().Be(Missing);
    }

    [Fact]
    public void Where_io_uring_is_refused_at_the_greatest_depth_no_depth_is_measured()
    {
        if (!OperatingSystem.IsLinux())
            return;
        ProbeResult result = RunWith(NoRoomForRing(DeviceProbe.QueueDepths.Count));
        ShouldHaveEveryCell(result, "threads");
        result.UringRefusal.Should().NotBeNullOrEmpty();
    }

    [Fact]
    public void A_long_file_is_measured_itself_and_not_touched()
    {
        string path = Path.Combine(_folder, "long");
        using (FileStream file = File.Create(path))
            file.SetLength(DeviceProbe.OwnFileBytesMin);
        DateTime written = File.GetLastWriteTimeUtc(path);
        List<string> entries = [];
        ProbeOptions options = s_short with { FileBytes = null };
        DeviceProbe.MeasuresItself(path, options).Should().BeTrue();
        ProbeResult result = Run(path, options, _ => entries.AddRange(Directory.GetFileSystemEntries(_folder)));
        entries.Should().OnlyContain(entry => entry == path);
        (result.File, result.FileBytes).Should().Be((path, DeviceProbe.OwnFileBytesMin));
        result.FirstMicros.Should().BePositive();
        double later = result.Measurements.Single(m => m.Cell == DeviceProbe.FirstReads).Micros;
        result.FirstReadsSlowdown.Should().Be(result.FirstMicros / later);
        File.GetLastWriteTimeUtc(path).Should().Be(written);
    }

    [Fact]
    public void For_a_short_file_or_where_a_size_is_asked_for_a_temporary_one_beside_it_is_measured()
    {
        string path = Path.Combine(_folder, "image");
        using (FileStream file = File.Create(path))
            file.SetLength(DeviceProbe.OwnFileBytesMin - 1);
        DeviceProbe.MeasuresItself(path, s_short with { FileBytes = null }).Should().BeFalse();
        DeviceProbe.MeasuresItself(_folder, s_short with { FileBytes = null }).Should().BeFalse();
        using (FileStream file = File.OpenWrite(path))
            file.SetLength(DeviceProbe.OwnFileBytesMin);
        DeviceProbe.MeasuresItself(path, s_short).Should().BeFalse();
        ProbeResult result = Run(path, s_short, _ => { });
        (result.File, result.FileBytes).Should().Be((null, DeviceProbe.FileBytesMin));
        Directory.GetFileSystemEntries(_folder).Should().Equal(path);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public void Cancelled_it_ends_and_nothing_stays(int afterSlices)
    {
        using CancellationTokenSource stop = new();
        int slices = 0;
        if (afterSlices == 0)
            stop.Cancel();
        Progress progress = new(_ =>
        {
            if (++slices == afterSlices)
                stop.Cancel();
        });
        Action run = () => DeviceProbe.Run(_folder, Volume, s_short, TimeProvider.System, progress, stop.Token);
        run.Should().Throw<OperationCanceledException>();
        slices.Should().Be(afterSlices);
        Directory.GetFileSystemEntries(_folder).Should().BeEmpty();
    }

    [Fact]
    public void What_a_killed_probe_left_is_removed_by_the_next()
    {
        string dead = Directory.CreateDirectory(Path.Combine(_folder, "neuralink-probe.tmp-abcdefgh.123")).FullName;
        File.WriteAllBytes(Path.Combine(dead, "probe.bin"), new byte[100]);
        File.WriteAllBytes($"{dead}.lock", []);
        using (ProbeFile file = ProbeFile.Write(_folder, DeviceProbe.FileBytesMin, seed: 1, () => false, CancellationToken.None))
        {
            Directory.Exists(dead).Should().BeFalse();
            File.Exists(file.FilePath).Should().BeTrue();
        }
        Directory.GetFileSystemEntries(_folder).Should().BeEmpty();
    }

    [Fact]
    public void The_file_is_as_long_as_wanted_unless_time_runs_out_and_does_not_repeat_itself()
    {
        using (ProbeFile file = ProbeFile.Write(_folder, (9 << 20) + 512, seed: 1, () => false, CancellationToken.None))
        {
            byte[] bytes = File.ReadAllBytes(file.FilePath);
            (bytes.LongLength, file.LengthBytes).Should().Be(((9 << 20) + 512, (9 << 20) + 512));
            bytes.AsSpan(0, 4096).SequenceEqual(bytes.AsSpan(4 << 20, 4096)).Should().BeFalse();
            int[] counts = new int[256];
            foreach (byte b in bytes)
                counts[b]++;
            counts.Should().OnlyContain(count => count > bytes.Length / 256 * 0.95 && count < bytes.Length / 256 * 1.05);
        }
        using ProbeFile late = ProbeFile.Write(_folder, 1 << 30, seed: 1, () => true, CancellationToken.None);
        late.LengthBytes.Should().Be(DeviceProbe.FileBytesMin);
    }

    [Fact]
    public void No_room_is_said_before_anything_is_written()
    {
        const long FileBytes = 1L << 60;
        Action run = () => Run(_folder, s_short with { FileBytes = FileBytes }, _ => { });
        run.Should().Throw<NeuralinkException>()
            .WithMessage($"cannot measure {_folder}: expected {FileBytes} bytes free on its disk, found *--size*");
        Directory.GetFileSystemEntries(_folder).Should().BeEmpty();
    }

    [Fact]
    public void A_folder_in_memory_is_refused()
    {
        DeviceVolume memory = Volume with { FileSystem = "tmpfs" };
        Action run = () =>
            DeviceProbe.Run(_folder, memory, s_short, TimeProvider.System, new Progress(_ => { }), CancellationToken.None);
        run.Should().Throw<NeuralinkException>()
            .WithMessage("*expected a file system with direct I/O, found tmpfs, which lies in memory; *")
            .WithMessage("*; *give a file or a folder on the flash device");
    }

    [Fact]
    public void The_median_is_the_middle_value_or_the_mean_of_two()
    {
        DeviceProbe.Median([7]).Should().Be(7);
        DeviceProbe.Median([5, 1, 3]).Should().Be(3);
        DeviceProbe.Median([10, 4, 1, 3]).Should().Be(3.5);
    }

    private static void ShouldHaveEveryCell(ProbeResult result, params string[] methods)
    {
        // Random and sequential reads at each depth, and bursts of one read and of many.
        int cells = methods.Length * DeviceProbe.Sizes.Count * ((2 * DeviceProbe.QueueDepths.Count) + 2);
        result.Measurements.Select(m => m.Cell).Should().OnlyHaveUniqueItems().And.HaveCount(cells);
        result.Measurements.Select(m => m.Cell.IoMethod).Distinct().Should().Equal(methods);
        result.Measurements.Should().OnlyContain(m => m.Micros > 0 && double.IsFinite(m.Micros))
            .And.OnlyContain(m => m.ReadsPerSecond > 0 && m.MegabytesPerSecond > 0)
            .And.OnlyContain(m => m.ProcessorMicros >= 0 && double.IsFinite(m.ProcessorMicros))
            .And.Contain(m => m.ProcessorMicros > 0);
    }

    [SupportedOSPlatform("linux")]
    private static UringSetup NoRoomForRing(int number)
    {
        int rings = 0;
        return (uint entryCount, ref UringParameters parameters) =>
            ++rings == number ? -LibC.Enomem : UringCalls.Setup(entryCount, ref parameters);
    }

    private ProbeResult RunWith(UringSetup? setup) =>
        DeviceProbe.Run(_folder, Volume, s_short, TimeProvider.System, new Progress(_ => { }), setup, CancellationToken.None);

    private ProbeResult Run(string path, ProbeOptions options, Action<double> progress) =>
        DeviceProbe.Run(path, Volume, options, TimeProvider.System, new Progress(progress), CancellationToken.None);

    private sealed class Progress(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
