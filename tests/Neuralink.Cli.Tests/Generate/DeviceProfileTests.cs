using System.Text.Json;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Tests.Generate;

/// <summary>Which device profile generate reads by, and what it takes from it.</summary>
[Collection(PackedModelFixture.Name)]
public sealed class DeviceProfileTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task The_profile_of_the_images_volume_is_used_and_named()
    {
        Save(Profile());
        CliResult run = await Generate();
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().Contain("a test disk: io direct, queue depth 3, gaps up to 19.53 KiB are read through")
            .And.Contain(", 3 threads");
        using JsonDocument document = JsonDocument.Parse((await Generate("--json")).Out);
        JsonElement profile = document.RootElement.GetProperty("profile");
        profile.GetProperty("name").GetString().Should().Be("a test disk");
        profile.GetProperty("io").GetString().Should().Be("direct");
        profile.GetProperty("queue_depth").GetInt32().Should().Be(3);
        profile.GetProperty("collapse_gap_bytes").GetInt64().Should().BeCloseTo(20_000, 1, "only a named profile decides it");
    }

    [Fact]
    public async Task The_text_does_not_depend_on_it()
    {
        CliResult plain = await Generate();
        Save(Profile());
        (await Generate()).Out.Should().Be(plain.Out).And.NotBeEmpty();
    }

    [Fact]
    public async Task A_queue_depth_that_was_asked_for_wins()
    {
        Save(Profile());
        (await Generate("--queue-depth", "5")).Error.Should().Contain("a test disk: io direct, queue depth 5, gaps up to 19.53 KiB")
            .And.Contain("5 threads");
    }

    [Fact]
    public async Task Its_method_is_how_reads_are_submitted_and_the_text_stays_the_same()
    {
        CliResult plain = await Generate();
        Save(Profile() with { IoMethod = "io_uring" });
        CliResult run = await Generate();
        run.Error.Should().Contain("a test disk: io uring, queue depth 3").And.ContainAny("io_uring, 3 reads deep", "reading by threads: ");
        run.Out.Should().Be(plain.Out).And.NotBeEmpty();
        using JsonDocument document = JsonDocument.Parse((await Generate("--json")).Out);
        document.RootElement.GetProperty("profile").GetProperty("io").GetString().Should().Be("uring");
    }

    [Theory]
    [InlineData("io_uring", "direct", ", 3 threads")]
    [InlineData("threads", "uring", "io_uring")]
    public async Task A_method_that_was_asked_for_wins_and_the_depth_is_still_the_profiles(string advised, string asked, string device)
    {
        Save(Profile() with { IoMethod = advised });
        (await Generate("--io", asked)).Error.Should().Contain($"a test disk: io {asked}, queue depth 3").And.Contain(device);
    }

    [Fact]
    public async Task One_that_names_no_method_leaves_it_as_it_is()
    {
        Save(Profile() with { IoMethod = null });
        (await Generate()).Error.Should().Contain("a test disk: io direct, queue depth 3").And.Contain(", 3 threads");
    }

    [Theory]
    [InlineData("--profile", "none")]
    [InlineData("--io", "buffered")]
    public async Task Not_wanted_or_not_of_such_reads_it_is_not_used(params string[] options)
    {
        Save(Profile());
        CliResult run = await Generate(options);
        run.Code.Should().Be(0);
        run.Error.Should().NotContain("profile").And.Contain("16 threads");
        using JsonDocument document = JsonDocument.Parse((await Generate([.. options, "--json"])).Out);
        document.RootElement.GetProperty("profile").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task One_that_is_named_comes_before_the_volumes_and_need_not_say_how_deep()
    {
        Save(Profile());
        string named = _home.PathOf("phone.json");
        (Profile() with { Name = "a phone", QueueDepth = null, Volume = null }).Write(named);
        // 30 us a read at 1000 bytes a microsecond: 30000 bytes.
        (await Generate("--profile", named)).Error.Should().Contain("a phone: io direct, queue depth 16, gaps up to 29.3 KiB")
            .And.NotContain("a test disk");
    }

    [Fact]
    public async Task A_profile_of_another_machine_is_said_and_not_used()
    {
        Save(Profile());
        _home.Change = surroundings => surroundings with { MachineName = "another" };
        CliResult run = await Generate("--strategy", "cluster");
        run.Code.Should().Be(0);
        run.Error.Should().Contain(" of vm, not of ").And.Contain(" of another; measure this one with 'neuralink probe'")
            .And.Contain("16 threads").And.NotContain("a test disk:");
        run.Error.Split('\n').Should().ContainSingle(line => line.StartsWith("neuralink: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_saved_profile_of_nonsense_is_said_and_not_used()
    {
        Save(Profile());
        Damage.Replace(Path.Combine(_home.Cache, Volume.FileName), "\"queue_depth\": 3", "\"queue_depth\": -3");
        CliResult run = await Generate();
        run.Code.Should().Be(0);
        run.Error.Should().Contain("no device profile is used: cannot open").And.Contain("found a queue depth of -3")
            .And.Contain("16 threads");
    }

    [Fact]
    public async Task A_named_profile_that_is_not_there_or_nonsense_is_an_error()
    {
        (await Generate("--profile", _home.PathOf("nowhere.json"))).ShouldFail(1, "nowhere.json", "a device profile", "no such file");
        await File.WriteAllTextAsync(_home.PathOf("bad.json"), "{}");
        (await Generate("--profile", _home.PathOf("bad.json"))).ShouldFail(1, "bad.json", "neuralink-device");
    }

    private DeviceVolume Volume => DeviceVolume.Of(Path.Combine(model.Image, ImageFiles.Neurons), "vm");

    private DeviceProfile Profile() => DeviceProfile.Default with
    {
        Name = "a test disk",
        Volume = Volume,
        QueueDepth = 3,
        IoMethod = "threads",
        Reads = [new(1, 30.001), new(1 << 20, 30 + 1048.576)],
    };

    private void Save(DeviceProfile profile)
    {
        _home.Change = surroundings => surroundings with { MachineName = "vm" };
        Directory.CreateDirectory(_home.Cache);
        profile.Write(Path.Combine(_home.Cache, profile.Volume!.FileName));
    }

    private Task<CliResult> Generate(params string[] options) =>
        _home.RunAsync(["generate", "-m", model.Image, "-p", "Once upon a time", "-n", "4", "--temperature", "0", .. options]);
}
