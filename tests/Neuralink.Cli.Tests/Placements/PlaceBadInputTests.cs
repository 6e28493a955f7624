using System.Diagnostics;
using System.Text.Json.Nodes;
using Neuralink.Placement;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Tests.Placements;

/// <summary>Whatever is wrong: one clear line, a non-zero exit, and the old image as it was.</summary>
[Collection(PackedModelFixture.Name)]
public sealed class PlaceBadInputTests : IDisposable
{
    private readonly TestHome _home = new();
    private readonly string _image;
    private readonly string _trace;

    public PlaceBadInputTests(PackedModelFixture model)
    {
        _image = _home.CopyImage(model.Image);
        _trace = _home.PathOf("trace.safetensors");
    }

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("--trace: expected a trace for --method frequency, found none", "--method", "frequency")]
    [InlineData("--trace: expected a trace for --method neuralink, found none", "--method", "neuralink")]
    [InlineData("--profile: expected a trace to go with it", "--method", "random", "--profile", "device.json")]
    [InlineData("--force: expected another image to write", "--method", "random", "--force")]
    [InlineData("--method: expected identity or random or frequency or neuralink", "--method", "alphabetical")]
    [InlineData("--effort: expected 0 or more, found -1", "--method", "random", "--effort", "-1")]
    [InlineData("--seed: expected an integer, found 'x'", "--method", "random", "--seed", "x")]
    [InlineData("--memory: expected at least one byte, found 0 B", "--method", "random", "--memory", "0")]
    [InlineData("--method")]
    public async Task A_command_line_that_cannot_be(string message, params string[] args) => await ShouldFail(2, args, message);

    [Fact]
    public async Task A_trace_of_another_model()
    {
        ActivationTraceInfo info = TestTrace.InfoOf(FlashImage.Open(_image), tokens: 8) with { ModelName = "other" };
        await ShouldRefuse(
            info with { ModelDigest = new string('f', 64) }, "expected model digest", "found ffffffffffffffff… in a trace of other");
        await ShouldRefuse(info with { LayerCount = 5 }, "expected 6 layers, found 5 in a trace of other");
        await ShouldRefuse(info with { NeuronCount = 2047 }, "expected 2048 neurons a layer, found 2047 in a trace of other");
    }

    [Fact]
    public async Task A_trace_that_is_missing_cut_short_or_something_else()
    {
        await ShouldFail(1, PlaceBy(_trace), _trace);
        TestTrace.Write(_trace, TestTrace.InfoOf(FlashImage.Open(_image), tokens: 100));
        long length = new FileInfo(_trace).Length;
        foreach (long cut in (long[])[0, 7, length / 2, length - 1])
        {
            using (FileStream file = File.OpenWrite(_trace))
                file.SetLength(cut);
            await ShouldFail(1, PlaceBy(_trace), _trace, "expected");
            File.Delete(_trace);
            TestTrace.Write(_trace, TestTrace.InfoOf(FlashImage.Open(_image), tokens: 100));
        }
        await ShouldFail(1, PlaceBy(Path.Combine(_image, ImageFiles.Resident)), "an activation trace");
    }

    [Theory]
    [InlineData("", "a device profile")]
    [InlineData(
        """{ "format": "neuralink-device", "format_version": 1, "name": "d", "measured_with": "m", "reads": [] }""",
        "at least two sizes are needed, there are 0")]
    [InlineData(
        """
        { "format": "neuralink-device", "format_version": 1, "name": "d", "measured_with": "m",
          "reads": [ { "bytes": 4096, "micros": -5 }, { "bytes": 8192, "micros": 5 } ] }
        """,
        "a read of 4096 bytes costs -5 us")]
    public async Task A_profile_with_nonsense_in_it(string json, string found)
    {
        TestTrace.Write(_trace, TestTrace.InfoOf(FlashImage.Open(_image), tokens: 8));
        string profile = _home.PathOf("device.json");
        await File.WriteAllTextAsync(profile, json);
        await ShouldFail(1, [.. PlaceBy(_trace), "--profile", profile], profile, found);
    }

    [Fact]
    public async Task A_damaged_image()
    {
        FlashImage image = FlashImage.Open(_image);
        Damage.Flip(image.NeuronsPath, image.OffsetOf(new LayerIndex(4), new Slot(1033)) + 77);
        await ShouldFail(1, ["--method", "random"], "layer 4, slot 1033", "CRC-32C");
        await ShouldFail(1, ["--method", "random", "-o", _home.PathOf("other.nlk")], "layer 4, slot 1033", "CRC-32C");
        Damage.Flip(image.PathOf(ImageFiles.Predictor), 100_000);
        await ShouldFail(1, ["--method", "random"], ImageFiles.Predictor, "XXH128");
    }

    [Fact]
    public async Task No_image() =>
        (await _home.RunAsync("place", _home.Folder, "--method", "random")).ShouldFail(1, "neuralink.json", "found no such file");

    [Fact]
    public async Task A_destination_that_is_something_else()
    {
        string folder = Directory.CreateDirectory(_home.PathOf("letters")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "letter.txt"), "dear");
        await ShouldFail(1, ["--method", "random", "-o", folder, "--force"], "a flash image to replace", "a folder of something else");
    }

    [Fact]
    public async Task A_file_where_the_image_shall_go_is_refused_before_anything_is_ordered()
    {
        string file = _home.PathOf("a file");
        await File.WriteAllTextAsync(file, "theirs");
        CliResult run = await _home.RunAsync("place", _image, "--method", "frequency", "--trace", "no such trace", "-o", file, "--force");
        run.ShouldFail(1, file, "a flash image to replace", "a file");
        (await File.ReadAllTextAsync(file)).Should().Be("theirs");
    }

    // A sparse file in the image stands for one that the disk has no room for a second time.
    [Fact]
    public async Task No_room_on_the_disk_is_said_before_anything_is_ordered()
    {
        if (OperatingSystem.IsWindows())
            return;
        long bytes = new DriveInfo(_home.Folder).AvailableFreeSpace + (1L << 30);
        using (FileStream file = File.Create(Path.Combine(_image, "huge.bin")))
            file.SetLength(bytes);
        JsonNode manifest = JsonNode.Parse(await File.ReadAllBytesAsync(Damage.Manifest(_image)))!;
        manifest["files"]!["huge.bin"] = new JsonObject { ["bytes"] = bytes, ["xxh128"] = new string('0', 32) };
        await File.WriteAllTextAsync(Damage.Manifest(_image), manifest.ToJsonString());
        CliResult run = await _home.RunAsync("place", _image, "--method", "frequency", "--trace", "no such trace");
        run.ShouldFail(1, "bytes free on its disk", "free some space on it or write to another disk");
    }

    [Fact]
    public async Task Cancelled_it_leaves_the_image_as_it_was()
    {
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        CliResult run = await _home.RunAsync("", ["place", _image, "--method", "random"], cancellation: stop.Token);
        run.Code.Should().Be(130);
        run.Error.Should().Be("neuralink: cancelled\n");
        await ShouldBeWhole("identity");
    }

    // However far the program came, the image is the old one or the new one, and the next run clears up.
    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(40)]
    public async Task Killed_at_any_moment_it_leaves_a_whole_image(int delayMillis)
    {
        using (Process process = StartProgram("place", _image, "--method", "random"))
        {
            while (!process.HasExited && Directory.GetDirectories(_home.Folder).Length == 1)
                await Task.Delay(1);
            await Task.Delay(delayMillis);
            process.Kill();
            await process.WaitForExitAsync();
        }
        await ShouldBeWhole("identity", "random");
        (await _home.RunAsync("place", _image, "--method", "random", "--seed", "9")).Code.Should().Be(0);
        await ShouldBeWhole("random");
        Directory.GetFileSystemEntries(_home.Folder).Should().Equal(_image);
    }

    private static Process StartProgram(params string[] args)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { UseShellExecute = false };
        foreach (string arg in (string[])[Path.Combine(AppContext.BaseDirectory, "neuralink.dll"), .. args])
            start.ArgumentList.Add(arg);
        return Process.Start(start)!;
    }

    private static string[] PlaceBy(string trace) => ["--method", "frequency", "--trace", trace];

    private async Task ShouldBeWhole(params string[] methods)
    {
        (await _home.RunAsync("verify", _image)).Code.Should().Be(0);
        FlashImage.Open(_image).Manifest.Placement.Method.Should().BeOneOf(methods);
    }

    private async Task ShouldRefuse(ActivationTraceInfo info, params string[] parts)
    {
        TestTrace.Write(_trace, info);
        await ShouldFail(1, PlaceBy(_trace), parts);
        File.Delete(_trace);
    }

    private async Task ShouldFail(int code, string[] args, params string[] parts)
    {
        (await _home.RunAsync(["place", _image, .. args])).ShouldFail(code, parts);
        FlashImage.Open(_image).Manifest.Placement.Method.Should().Be("identity");
        Directory.GetFileSystemEntries(_home.Folder, "*.nlk*").Should().Equal(_image);
    }
}
