using System.Text.Json;
using Neuralink.Cli.Tests.Placements;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Planning;

/// <summary>
/// `plan` says what fits and how fast it will be, for three memories, and what that rests on; and packs and loads nothing.
/// </summary>
[Collection(PackedModelFixture.Name)]
public sealed class PlanCommandTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new() { Change = surroundings => surroundings with { Time = new SteppingTime() } };

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task The_table_has_three_memories_and_says_what_it_assumes()
    {
        CliResult run = await _home.RunAsync("plan", model.Image, "--memory", "32MiB", "--strategy", "prefetch");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().BeEmpty();
        foreach (string part in (string[])
            [
                "(half)", "(double)", "resident weights", "predictor", "KV cache", "activations", "staging", "neuron cache",
                "cache hit rate", "reads a token", "sparse FFN",
                "lookahead", "hidden", "tokens/s", "an assumption: 15%", "'neuralink trace'", "'neuralink probe'",
                "the lookahead finds 39%",
            ])
        {
            run.Out.Should().Contain(part);
        }
        _home.Cached.Should().BeEmpty();
    }

    [Fact]
    public async Task The_memory_is_what_generate_then_takes_and_more_is_never_slower()
    {
        JsonElement plan = await Plan(model.Image, "--memory", "24MiB", "--context", "64");
        JsonElement[] columns = [.. plan.GetProperty("columns").EnumerateArray()];
        columns.Select(c => c.GetProperty("name").GetString()).Should().Equal("half", "", "double");
        CliResult run = await _home.RunAsync(
            "generate", "-m", model.Image, "-p", "Once upon a time", "-n", "60", "--memory", "24MiB", "--json");
        JsonElement generated = JsonDocument.Parse(run.Out).RootElement;
        int tokens = generated.GetProperty("prompt_tokens").GetInt32() + 60;
        JsonElement same = (await Plan(model.Image, "--memory", "24MiB", "--context", $"{tokens}")).GetProperty("columns")[1]
            .GetProperty("memory");
        foreach (JsonProperty part in same.EnumerateObject())
            part.Value.GetInt64().Should().Be(generated.GetProperty("memory").GetProperty(part.Name).GetInt64(), part.Name);
        foreach (string figure in (string[])["tokens_per_second", "cache_hit_rate", "cached_share"])
            columns.Select(c => c.GetProperty(figure).GetDouble()).Should().BeInAscendingOrder(figure);
        columns.Select(c => c.GetProperty("bytes_per_token").GetDouble()).Should().BeInDescendingOrder();
        foreach (JsonElement column in columns)
        {
            JsonElement millis = column.GetProperty("millis");
            double parts = ((string[])["resident", "predictor", "lookahead", "sparse_ffn", "overhead", "wait"]).Sum(
                p => millis.GetProperty(p).GetDouble());
            parts.Should().BeApproximately(millis.GetProperty("token").GetDouble(), 1e-9);
            column.GetProperty("tokens_per_second").GetDouble().Should().BeApproximately(1000 / parts, 1e-6);
            column.GetProperty("first_tokens_per_second").GetDouble().Should().BeLessThanOrEqualTo(1000 / parts + 1e-6);
        }
    }

    [Fact]
    public async Task A_model_that_is_not_packed_is_planned_for_from_its_configuration_alone()
    {
        string folder = Directory.CreateDirectory(_home.PathOf("config-only")).FullName;
        File.Copy(Path.Combine(BundledModel.Folder, "config.json"), Path.Combine(folder, "config.json"));
        JsonElement plan = await Plan(folder, "--memory", "20MiB");
        plan.GetProperty("packed").GetBoolean().Should().BeFalse();
        plan.GetProperty("weights").GetString().Should().Be("f16");
        JsonElement packed = await Plan(model.Image, "--memory", "20MiB");
        packed.GetProperty("packed").GetBoolean().Should().BeTrue();
        plan.GetProperty("columns")[1].GetProperty("memory").GetRawText()
            .Should().Be(packed.GetProperty("columns")[1].GetProperty("memory").GetRawText());
        plan.GetProperty("assumptions").GetRawText().Should().Contain("not packed");
        (await Plan(folder, "--memory", "40MiB", "--weights", "f32")).GetProperty("columns")[1].GetProperty("memory")
            .GetProperty("predictor").GetInt64()
            .Should().BeGreaterThan(2 * 6 * 2048 * 256 * 2);
        Directory.GetFiles(folder).Should().ContainSingle();
        _home.Cached.Should().BeEmpty();
    }

    [Fact]
    public async Task An_image_placed_by_a_trace_knows_how_it_fires()
    {
        string trace = _home.PathOf("a.trace"), placed = _home.PathOf("placed.nlk");
        TestTrace.Write(trace, TestTrace.InfoOf(FlashImage.Open(model.Image), 1500));
        (await _home.RunAsync("place", model.Image, "--method", "neuralink", "--trace", trace, "-o", placed)).Code.Should().Be(0);
        ActivationSample sample = ActivationSample.Find(FlashImage.Open(placed))!;
        (sample.Info.TracedTokens, sample.Info.SampledTokens, sample.Info.Texts).Should().Be((1500, 256, "chance.txt"));
        sample.Counts[3].Sum().Should().BeInRange(1500 * 100, 1500 * 128);
        (await _home.RunAsync("verify", placed)).Code.Should().Be(0);

        JsonElement known = await Plan(placed), given = await Plan(model.Image, "--trace", trace, "--strategy", "serial"),
            assumed = await Plan(model.Image);
        known.GetProperty("firing_recorded").GetBoolean().Should().BeTrue();
        known.GetProperty("firing_share").GetDouble().Should().BeApproximately(124.0 / 2048, 0.002);
        given.GetProperty("firing_share").GetDouble().Should().Be(known.GetProperty("firing_share").GetDouble());
        given.GetProperty("lookahead").ValueKind.Should().Be(JsonValueKind.Null);
        assumed.GetProperty("firing_recorded").GetBoolean().Should().BeFalse();
        JsonElement placedSerial = await Plan(placed, "--strategy", "serial");
        Reads(placedSerial).Should().BeLessThan(Reads(given) / 2, "what fires together lies together");

        // An order without a trace leaves the sample as it is.
        (await _home.RunAsync("place", placed, "--method", "identity")).Code.Should().Be(0);
        Reads(await Plan(placed, "--strategy", "serial")).Should().Be(Reads(given));

        static double Reads(JsonElement plan) => plan.GetProperty("columns")[1].GetProperty("reads_per_token").GetDouble();
    }

    [Fact]
    public async Task A_profile_says_what_reads_cost()
    {
        string slow = _home.PathOf("slow.json");
        (DeviceProfile.Default with { Name = "a slow card", Reads = [new(4096, 2000), new(65536, 9000)] }).Write(slow);
        JsonElement without = await Plan(model.Image, "--strategy", "serial", "--profile", "none"),
            with = await Plan(model.Image, "--strategy", "serial", "--profile", slow);
        with.GetProperty("device").GetString().Should().Be("a slow card");
        (without.GetProperty("device_measured").GetBoolean(), with.GetProperty("device_measured").GetBoolean()).Should().Be((false, true));
        Wait(with).Should().BeGreaterThan(10 * Wait(without));

        static double Wait(JsonElement plan) => plan.GetProperty("columns")[1].GetProperty("millis").GetProperty("wait").GetDouble();
    }

    [Fact]
    public async Task Where_half_does_not_fit_the_smallest_that_works_is_planned_for()
    {
        JsonElement plan = await Plan(model.Image, "--memory", "13MiB");
        JsonElement first = plan.GetProperty("columns")[0];
        first.GetProperty("name").GetString().Should().Be("smallest");
        long smallest = (first.GetProperty("memory").GetProperty("total").GetInt64() + (1 << 20) - 1) >> 20;
        (await _home.RunAsync("plan", model.Image, "--memory", $"{smallest}MiB")).Code.Should().Be(0);
        (await _home.RunAsync("plan", model.Image, "--memory", $"{smallest - 1}MiB"))
            .ShouldFail(1, "resident weights", "predictor", "KV cache", "staging", $"give --memory {smallest}MiB or more");
    }

    [Fact]
    public async Task Bad_input_is_one_clear_line()
    {
        (await _home.RunAsync("plan", _home.PathOf("none"))).ShouldFail(
            1, "none", "expected a flash image (neuralink.json), a Hugging Face folder (config.json) or a GGUF file, found no such");
        (await _home.RunAsync("plan", _home.Folder)).ShouldFail(1, "a folder with neither");
        (await _home.RunAsync("plan", model.Image, "--context", "513")).ShouldFail(1, "at most 512 tokens", "513");
        (await _home.RunAsync("plan", model.Image, "--context", "0")).ShouldFail(2, "--context");
        (await _home.RunAsync("plan", model.Image, "--threads", "0")).ShouldFail(2, "1 to 256 threads");
        (await _home.RunAsync("plan", model.Image, "--memory", "much")).ShouldFail(2, "--memory", "a number of bytes");
        (await _home.RunAsync("plan", model.Image, "--weights", "f32")).ShouldFail(2, "--weights", "packed already");
        (await _home.RunAsync("plan", model.Image, "--profile", _home.PathOf("none.json"))).ShouldFail(1, "none.json");
        (await _home.RunAsync("plan", model.Image, "--trace", _home.PathOf("none.trace"))).ShouldFail(1, "none.trace");
        (await _home.RunAsync("plan", model.Image, "--predictor", "low-rank")).ShouldFail(1, "low-rank", "train-predictor");
        (await _home.RunAsync("plan", BundledModel.Folder, "--predictor", "low-rank")).ShouldFail(1, "not packed", "neuralink pack");
        string other = _home.PathOf("other.trace");
        TestTrace.Write(other, TestTrace.InfoOf(FlashImage.Open(model.Image), 10) with { ModelDigest = new string('f', 64) });
        (await _home.RunAsync("plan", model.Image, "--trace", other)).ShouldFail(1, "model digest");
        string image = _home.CopyImage(model.Image);
        File.WriteAllText(Path.Combine(image, ActivationSample.FileName), "no sample");
        (await _home.RunAsync("plan", image)).ShouldFail(1, ActivationSample.FileName);
        (await _home.RunAsync("generate", "-m", image, "-p", "Once", "-n", "1")).Code.Should().Be(0, "a generation has no use for it");
    }

    private async Task<JsonElement> Plan(params string[] args)
    {
        CliResult run = await _home.RunAsync(["plan", .. args, "--json"]);
        run.Code.Should().Be(0, "of {0}", run.Error);
        return JsonDocument.Parse(run.Out).RootElement;
    }

    /// <summary>A clock that goes on by 0.2 ms whenever it is read: a plan's times are the same on every machine.</summary>
    private sealed class SteppingTime : TimeProvider
    {
        private const long StepNanos = 200_000;

        private long _nanos;

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => Interlocked.Add(ref _nanos, StepNanos);
    }
}
