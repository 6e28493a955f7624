using System.Text.Json;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;
using Neuralink.Storage.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Placements;

/// <summary>Placing changes where the neurons lie and nothing else; the image says how it was done.</summary>
[Collection(PackedModelFixture.Name)]
public sealed class PlaceCommandTests : IDisposable
{
    private const int Tokens = 1500;

    private readonly TestHome _home = new();
    private readonly string _packed;
    private readonly string _trace;

    public PlaceCommandTests(PackedModelFixture model)
    {
        _packed = model.Image;
        _trace = _home.PathOf("trace.safetensors");
        TestTrace.Write(_trace, TestTrace.InfoOf(FlashImage.Open(_packed), Tokens));
    }

    private string Placed => _home.PathOf("placed.nlk");

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("identity")]
    [InlineData("random")]
    [InlineData("frequency")]
    [InlineData("neuralink")]
    [InlineData("best")]
    public async Task The_generated_tokens_do_not_change(string method)
    {
        await Place(_packed, "--method", method, "--trace", _trace, "--effort", "20", "-o", Placed);
        (await _home.RunAsync("verify", Placed)).Code.Should().Be(0);
        GreedyReference expected = BundledModel.Greedy[0];
        string[] options = ["-n", "16", "--temperature", "0", "--json", "--cache", "2%", "--ignore-eos"];
        CliResult run = await _home.RunAsync(["generate", "-m", Placed, "-p", expected.Prompt, .. options]);
        run.Code.Should().Be(0, "of {0}", run.Error);
        JsonDocument.Parse(run.Out).RootElement.GetProperty("tokens").Deserialize<int[]>().Should().Equal(expected.NewIds[..16]);
    }

    [Fact]
    public async Task In_place_there_and_back_again_is_the_packed_image_to_the_byte()
    {
        string image = _home.CopyImage(_packed);
        CliResult shuffled = await Place(image, "--method", "random", "--seed", "5");
        shuffled.Out.Should().MatchRegex(
            "^placed .*copy.nlk by random: 6 layers of 2048 neurons in [0-9.]+ s, peak memory [0-9.]+ MiB\n$",
            "nothing was measured without a trace");
        PlacementManifest placement = FlashImage.Open(image).Manifest.Placement;
        placement.Should().Be(new PlacementManifest("random", Seed: 5, Trace: null, Statistics: null, ReadCost: null));
        SameBytes(Path.Combine(image, ImageFiles.Neurons), Path.Combine(_packed, ImageFiles.Neurons)).Should().BeFalse();
        await Place(image, "--method", "identity");
        foreach (string file in Directory.GetFiles(_packed))
            SameBytes(file, Path.Combine(image, Path.GetFileName(file))).Should().BeTrue(file);
        Directory.GetDirectories(_home.Folder).Should().Equal(image);
    }

    [Fact]
    public async Task The_image_its_tables_and_the_last_line_say_what_the_order_is_worth()
    {
        string profile = _home.PathOf("device.json");
        (DeviceProfile.Default with { Name = "a test phone", Reads = [new(2048, 10), new(4096, 12), new(65536, 100)] }).Write(profile);
        CliResult run = await Place(
            _packed, "--method", "neuralink", "--trace", _trace, "--profile", profile, "-o", Placed, "--memory", "64MiB");
        run.Error.Should().BeEmpty();
        run.Out.Should().MatchRegex(
            @"by neuralink: 6 layers .*; a layer of a token on a test phone, nothing cached: [0-9.]+ -> [0-9.]+ reads "
            + @"of [0-9.]+ -> [0-9.]+ bundles, [0-9.]+ -> [0-9.]+ bytes read per byte used, [0-9.]+ -> [0-9.]+ ms" + "\n$");

        PlacementManifest p = FlashImage.Open(Placed).Manifest.Placement;
        using ActivationTrace trace = ActivationTrace.Open(_trace);
        (p.Method, p.Seed).Should().Be(("neuralink", null));
        p.Trace.Should().Be(new PlacementTrace(trace.Digest, Tokens, "chance.txt"));
        p.ReadCost!.Device.Should().Be("a test phone");
        p.ReadCost.Reads.Should().Equal(new DeviceRead(2048, 10), new DeviceRead(4096, 12), new DeviceRead(65536, 100));
        PlacementStatistics s = p.Statistics!;
        s.ReadsPerToken.Should().BeInRange(4, 60, "some 127 neurons fire, in 8 groups that lie together now");
        (s.ReadsPerToken * s.MeanReadBundles / s.BytesReadPerByteUsed).Should().BeApproximately(124, 4, "that many fire");
        s.MillisPerToken.Should().BeInRange(s.ReadsPerToken * 10 / 1000, s.ReadsPerToken * 1000 / 1000);

        CliResult json = await _home.RunAsync("inspect", Placed, "--json");
        JsonElement shown = JsonDocument.Parse(json.Out).RootElement.GetProperty("placement");
        shown.GetProperty("method").GetString().Should().Be("neuralink");
        shown.GetProperty("trace").GetProperty("sha256").GetString().Should().Be(trace.Digest);
        shown.GetProperty("statistics").GetProperty("reads_per_token").GetDouble().Should().Be(s.ReadsPerToken);
        shown.GetProperty("read_cost").GetProperty("reads")[1].GetProperty("micros").GetDouble().Should().Be(12);
        CliResult tables = await _home.RunAsync("inspect", Placed);
        foreach (string part in (string[])[
            "neuralink", "chance.txt", $"{Tokens} tokens", trace.Digest[..16], $"{s.ReadsPerToken:0.0} reads", "a test phone"])
        {
            tables.Out.Should().Contain(part);
        }
    }

    [Fact]
    public async Task An_order_that_was_given_a_trace_to_measure_with_is_no_other_for_it()
    {
        await Place(_packed, "--method", "random", "-o", Placed);
        string measured = _home.PathOf("measured.nlk");
        await Place(_packed, "--method", "random", "--trace", _trace, "-o", measured);
        FlashImage.Open(measured).Manifest.Placement.Statistics!.ReadsPerToken
            .Should().BeGreaterThan(60, "a shuffle parts what fires together");
        SameBytes(Path.Combine(measured, ImageFiles.Placement), Path.Combine(Placed, ImageFiles.Placement)).Should().BeTrue();
    }

    [Fact]
    public async Task Another_image_is_replaced_only_by_force()
    {
        string other = _home.CopyImage(_packed);
        (await _home.RunAsync("place", _packed, "--method", "random", "-o", other)).ShouldFail(1, other, "it exists", "--force");
        FlashImage.Open(other).Manifest.Placement.Method.Should().Be("identity");
        await Place(_packed, "--method", "random", "-o", other, "--force");
        FlashImage.Open(other).Manifest.Placement.Method.Should().Be("random");
    }

    [Fact]
    public async Task What_a_link_leads_to_is_replaced_and_not_the_link()
    {
        if (OperatingSystem.IsWindows())
            return;     // links need rights there that a user seldom has
        string image = _home.CopyImage(_packed), link = _home.PathOf("link.nlk");
        Directory.CreateSymbolicLink(link, image);
        await Place(link, "--method", "random");
        new DirectoryInfo(link).LinkTarget.Should().Be(image);
        FlashImage.Open(image).Manifest.Placement.Method.Should().Be("random");
    }

    [Theory]
    [InlineData(300, "300 tokens, fewer than 1000")]
    [InlineData(1000, "1000 tokens, at which the median neuron fires")]
    public async Task A_trace_too_short_to_say_anything_is_remarked_upon(int tokens, string remark)
    {
        string path = _home.PathOf("short.safetensors");
        FlashImage image = FlashImage.Open(_packed);
        if (tokens >= 1000)
            WriteRare(path, image, tokens);
        else
            TestTrace.Write(path, TestTrace.InfoOf(image, tokens));
        CliResult run = await Place(_packed, "--method", "neuralink", "--trace", path, "-o", Placed);
        run.Error.Should().Contain(remark).And.Contain("too few to say which neurons fire together; the order will be close to frequency")
            .And.NotContain("error");
        (await Place(_packed, "--method", "random", "--trace", path, "-o", Placed, "--force")).Error.Should().BeEmpty(
            "a shuffle asks nothing of the trace");
    }

    private static bool SameBytes(string path, string other) => File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(other));

    // A trace in which nothing fires but a few neurons at the first few tokens.
    private static void WriteRare(string path, FlashImage image, int tokens)
    {
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(path, TestTrace.InfoOf(image, tokens));
        ulong[] rows = new ulong[tokens * image.SlotCount / 64];
        for (int token = 0; token < 5; token++)
            rows[token * image.SlotCount / 64] = ulong.MaxValue;
        for (int layer = 0; layer < image.LayerCount; layer++)
            writer.Write(new(layer), 0, rows);
        writer.Complete();
    }

    private async Task<CliResult> Place(params string[] args)
    {
        CliResult run = await _home.RunAsync(["place", .. args]);
        run.Code.Should().Be(0, "of {0}", run.Error);
        return run;
    }
}
