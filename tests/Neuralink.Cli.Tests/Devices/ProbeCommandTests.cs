using System.Text.Json;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Tests.Devices;

/// <summary>Measures beside the test's own program, which lies on a disk even where temporary files lie in memory.</summary>
public sealed class ProbeCommandTests : IDisposable
{
    private static readonly string[] s_short = ["--time", "300ms", "--size", "8MiB"];

    private readonly TestHome _home = new();
    private readonly string _folder = Directory.CreateDirectory(
        Path.Combine(AppContext.BaseDirectory, $"probe-{Guid.NewGuid():n}")).FullName;

    public void Dispose()
    {
        _home.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Tables_and_advice_fit_a_terminal_and_the_profile_lies_where_generate_looks()
    {
        CliResult run = await _home.RunAsync(["probe", _folder, .. s_short]);
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.Split('\n').Should().OnlyContain(line => line.Length <= 120);
        run.Out.Should().ContainAll(
            "random reads by threads", "sequential reads by threads", "depth 32", "1 MiB", "CPU us", "a temporary file of 8 MiB", "knee",
            "break-even gap", "advice", "used by generate");
        run.Out.Should().ContainAny("random reads by io_uring", "threads only").And.NotContain("first reads");
        DeviceVolume volume = DeviceVolume.Of(_folder, Environment.MachineName);
        string saved = Path.Combine(_home.Cache, volume.FileName);
        Directory.GetFiles(_home.Cache).Should().Equal(saved);
        DeviceProfile profile = DeviceProfile.Read(saved);
        profile.Volume.Should().Be(volume);
        run.Out.Should().Contain($"{profile.IoMethod} at queue depth {profile.QueueDepth}");
        DeviceProbe.QueueDepths.Should().Contain(profile.QueueDepth!.Value);
        profile.Reads[0].Bytes.Should().Be(4096);
        profile.Reads[^1].Bytes.Should().Be(1 << 20);
        Directory.GetFileSystemEntries(_folder).Should().BeEmpty();
        (await _home.RunAsync(["probe", _folder, .. s_short])).Code.Should().Be(0, "a newer measurement replaces an older one");
    }

    [Fact]
    public async Task Json_stands_alone_on_stdout_and_a_named_profile_is_no_news_to_generate()
    {
        string output = _home.PathOf("device.json");
        CliResult run = await _home.RunAsync(["probe", _folder, "-o", output, "--json", .. s_short]);
        run.Code.Should().Be(0, "of {0}", run.Error);
        using JsonDocument document = JsonDocument.Parse(run.Out);
        JsonElement root = document.RootElement;
        root.EnumerateObject().Select(p => p.Name).Should().Equal(
            "profile", "volume", "file", "file_bytes", "rounds", "io_method", "queue_depth", "uring_refusal", "first_reads_slowdown",
            "speedups", "megabytes_per_second_max", "knee_bytes", "break_even_gaps", "reads", "cells");
        root.GetProperty("profile").GetString().Should().Be(output);
        int methods = root.GetProperty("uring_refusal").ValueKind == JsonValueKind.Null ? 2 : 1;
        root.GetProperty("cells").GetArrayLength().Should().Be(methods * 90);
        root.GetProperty("speedups")[0].EnumerateObject().Select(p => p.Name)
            .Should().Equal("io_method", "queue_depth", "speedup", "reads_per_second", "processor_micros");
        root.GetProperty("cells")[0].EnumerateObject().Select(p => p.Name)
            .Should().Equal("io_method", "pattern", "bytes", "queue_depth", "reads_per_second", "megabytes_per_second", "processor_micros");
        root.GetProperty("queue_depth").GetInt32().Should().Be(DeviceProfile.Read(output).QueueDepth);
        root.GetProperty("knee_bytes").GetInt64().Should().BeInRange(4096, 1 << 20);
        Directory.Exists(_home.Cache).Should().BeFalse();
        (await _home.RunAsync(["probe", _folder, "-o", output, .. s_short])).ShouldFail(1, "write", output, "no such file", "it exists");
    }

    [Fact]
    public async Task A_long_file_is_measured_itself()
    {
        string path = LargeFile(DeviceProbe.OwnFileBytesMin);
        CliResult run = await _home.RunAsync("probe", path, "--time", "300ms", "--json");
        run.Code.Should().Be(0, "of {0}", run.Error);
        using JsonDocument document = JsonDocument.Parse(run.Out);
        document.RootElement.GetProperty("file").GetString().Should().Be(path);
        document.RootElement.GetProperty("first_reads_slowdown").GetDouble().Should().BePositive();
        DeviceProfile.Read(document.RootElement.GetProperty("profile").GetString()!).MeasuredWith
            .Should().Contain($"reads of {path} of 256 MiB");
        Directory.GetFileSystemEntries(_folder).Should().Equal(path);
    }

    [Fact]
    public async Task A_short_file_is_not_and_that_is_said()
    {
        string path = LargeFile(1000);
        CliResult run = await _home.RunAsync("probe", path, "--time", "100ms", "--json");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().Contain(
            $"neuralink: {path} of 1000 B would be read from some cache below the file system: a temporary file beside it is measured");
        using JsonDocument document = JsonDocument.Parse(run.Out);
        document.RootElement.GetProperty("file").ValueKind.Should().Be(JsonValueKind.Null);
        Directory.GetFileSystemEntries(_folder).Should().Equal(path);
        (await _home.RunAsync(["probe", path, "--json", .. s_short])).Error.Should().NotContain(
            "cache below", "the size says that a temporary file is wanted");
    }

    [Fact]
    public async Task Without_a_path_the_cache_folder_is_measured_which_may_not_exist_yet()
    {
        CliResult run = await _home.RunAsync(["probe", .. s_short]);
        if (DeviceVolume.Of(_home.Folder, "").IsMemory)
            run.ShouldFail(1, "direct I/O");
        else
            run.Code.Should().Be(0, "of {0}", run.Error);
        Directory.Exists(_home.Cache).Should().BeTrue();
    }

    [Fact]
    public async Task No_such_path() => (await _home.RunAsync(["probe", _home.PathOf("nowhere"), .. s_short]))
        .ShouldFail(1, "cannot measure", "nowhere", "a flash image, a file or a folder on the device", "no such file or folder");

    [Fact]
    public async Task No_room() => (await _home.RunAsync("probe", _folder, "--size", "100000TiB"))
        .ShouldFail(1, $"cannot measure {_folder}", "free on its disk", "free some space on it or measure with a smaller --size");

    [Fact]
    public async Task A_file_system_in_memory()
    {
        if (OperatingSystem.IsLinux())
        {
            (await _home.RunAsync(["probe", "/dev/shm", .. s_short])).ShouldFail(
                1, "measure /dev/shm", "a file system with direct I/O", "tmpfs", "give a file or a folder on the flash device");
        }
    }

    [Theory]
    [InlineData("--time", "fast", "a time of 100ms to 1h such as 20s", "'fast'")]
    [InlineData("--time", "99ms", "a time of 100ms", "'99ms'")]
    [InlineData("--time", "2h", "a time of 100ms", "'2h'")]
    [InlineData("--time", "ms", "a time of 100ms", "'ms'")]
    [InlineData("--time", "1e9s", "a time of 100ms", "'1e9s'")]
    [InlineData("--size", "7MiB", "8 MiB or more", "'7MiB'")]
    [InlineData("--size", "big", "8 MiB or more", "'big'")]
    public async Task Options_out_of_range(string option, string value, params string[] parts) =>
        (await _home.RunAsync("probe", _folder, option, value)).ShouldFail(2, [option, .. parts]);

    [Fact]
    public async Task Cancelled_it_returns_130_and_leaves_nothing()
    {
        using CancellationTokenSource stop = new();
        stop.CancelAfter(TimeSpan.FromMilliseconds(300));
        CliResult run = await _home.RunAsync("", ["probe", _folder, "--time", "60s", "--size", "8MiB"], cancellation: stop.Token);
        run.Code.Should().Be(130);
        run.Error.Should().EndWith("neuralink: cancelled\n");
        Directory.GetFileSystemEntries(_folder).Should().BeEmpty();
        Directory.Exists(_home.Cache).Should().BeFalse();
    }

    private string LargeFile(long bytes)
    {
        string path = DeviceVolume.RealPath(Path.Combine(_folder, "large"));
        using FileStream file = File.Create(path);
        file.SetLength(bytes);
        return path;
    }
}
