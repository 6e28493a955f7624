using System.Text.Json;
using Neuralink.Placement.Ordering;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;
using Neuralink.Storage.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Placements;

[Collection(PackedModelFixture.Name)]
public sealed class CompareCommandTests : IDisposable
{
    private readonly TestHome _home = new();
    private readonly FlashImage _image;
    private readonly string _train;
    private readonly string _test;

    public CompareCommandTests(PackedModelFixture model)
    {
        _image = FlashImage.Open(model.Image);
        _train = _home.PathOf("train.trace");
        _test = _home.PathOf("test.trace");
        TestTrace.Write(_train, TestTrace.InfoOf(_image, tokens: 1500));
        TestTrace.Write(
            _test, TestTrace.InfoOf(_image, tokens: 300) with { TextsDigest = new string('1', 64), Texts = "other chance.txt" });
    }

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Every_method_is_in_the_table_with_every_cache_and_a_bound()
    {
        ActivationTraceInfo small = TestTrace.InfoOf(_image, tokens: 1500) with { LayerCount = 2, NeuronCount = 128 };
        string train = _home.PathOf("small.trace"), test = _home.PathOf("other.trace");
        TestTrace.Write(train, small);
        TestTrace.Write(test, small with { TextsDigest = new string('1', 64), Texts = "other chance.txt", TokenCount = 300 });
        CliResult run = await Compare("--train", train, "--test", test, "--effort", "50");
        string[] lines = run.Out.Split('\n');
        lines.Should().OnlyContain(line => line.Length <= 120);
        foreach (string part in (string[])[
            "test, 2 layers of 128 neurons, 2048 bytes each on flash", "300 tokens of other chance.txt",
            "one layer, one token: the mean of the 2 layers"])
        {
            run.Out.Should().Contain(part);
        }
        foreach (string order in Enum.GetNames<PlacementMethod>().Append("Bound"))
        {
            lines.Count(line => line.Contains($"│ {order.ToLowerInvariant()} ", StringComparison.Ordinal))
                .Should().Be(3, "{0} has a row for each cache", order);
        }
        foreach (string cache in (string[])["none", "5%", "10%"])
            lines.Should().ContainSingle(line => line.StartsWith($"│ {cache,6} │ identity ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_json_has_what_each_order_costs_and_no_order_beats_the_bound()
    {
        string profile = _home.PathOf("device.json");
        (DeviceProfile.Default with { Name = "a test phone" }).Write(profile);
        CliResult run = await Compare(
            "--train", _train, "--test", _test, _train, "--method", "neuralink,frequency,random", "--cache", "0,0.05,50%", "--seed", "4",
            "--profile", profile, "--json");
        run.Error.Should().Be(
            $"neuralink: {_train} is of the very text that the orders are made from: it says nothing about unseen text\n");
        using JsonDocument document = JsonDocument.Parse(run.Out);
        JsonElement root = document.RootElement;
        root.EnumerateObject().Select(p => p.Name).Should().Equal(
            "model", "model_digest", "layers", "neurons", "stride_bytes", "device", "reads", "seed", "train", "orders", "tests");
        root.GetProperty("device").GetString().Should().Be("a test phone");
        root.GetProperty("seed").GetInt32().Should().Be(4);
        root.GetProperty("train").GetProperty("tokens").GetInt32().Should().Be(1500);
        string[] methods = ["identity", "random", "frequency", "neuralink"];
        root.GetProperty("orders").EnumerateArray().Select(o => o.GetProperty("method").GetString()).Should().Equal(methods);
        root.GetProperty("orders")[3].GetProperty("ordering_seconds").GetDouble().Should().BeGreaterThan(0);
        JsonElement[] tests = [.. root.GetProperty("tests").EnumerateArray()];
        tests.Select(t => t.GetProperty("unseen").GetBoolean()).Should().Equal(true, false);
        foreach (JsonElement test in tests)
        {
            JsonElement[] caches = [.. test.GetProperty("caches").EnumerateArray()];
            caches.Select(c => c.GetProperty("cached_share").GetDouble()).Should().Equal(0, 0.05, 0.5);
            foreach (JsonElement cache in caches)
                Check(cache, methods);
        }
    }

    [Fact]
    public async Task Identity_is_there_to_compare_with_though_only_another_was_asked_for()
    {
        CliResult run = await Compare("--train", _train, "--test", _test, "--method", "Random", "--cache", "0%");
        Cells(run.Out, "identity")[^1].Should().Be("1.00");
        Cells(run.Out, "random").Should().HaveCount(7);
        run.Out.Should().NotContain("frequency");
    }

    [Fact]
    public async Task An_images_own_order_is_compared_if_it_is_another_than_the_models()
    {
        string placed = _home.PathOf("placed.nlk");
        (await _home.RunAsync("place", _image.Folder, "--method", "neuralink", "--trace", _train, "-o", placed)).Code.Should().Be(0);
        CliResult run = await Compare(placed, "--train", _train, "--test", _test, "--method", "identity,neuralink", "--cache", "0%");
        Cells(run.Out, "image (neuralink)")[2..].Should().Equal(Cells(run.Out, "neuralink")[2..]);
        CliResult packed = await Compare(_image.Folder, "--train", _train, "--test", _test, "--method", "identity", "--cache", "0%");
        packed.Out.Should().NotContain("image (");
    }

    [Fact]
    public async Task A_model_folder_names_the_model_as_well_as_its_image()
    {
        CliResult run = await Compare(BundledModel.Folder, "--train", _train, "--test", _test, "--method", "identity", "--cache", "0%");
        run.Out.Should().Contain("test, 6 layers of 2048 neurons");
    }

    [Fact]
    public async Task A_training_trace_too_short_to_say_anything_is_remarked_upon_if_a_method_asks_it()
    {
        (await Compare("--train", _test, "--test", _train, "--method", "frequency")).Error.Should().Contain(
            "300 tokens, fewer than 1000: too few to say");
        (await Compare("--train", _test, "--test", _train, "--method", "random")).Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Traces_of_different_models_are_not_compared()
    {
        ActivationTraceInfo info = TestTrace.InfoOf(_image, tokens: 8) with { ModelName = "other" };
        await ShouldRefuse(
            info with { ModelDigest = new string('f', 64) }, "for the model of", "expected model digest",
            "found ffffffffffffffff… in a trace of other");
        await ShouldRefuse(info with { LayerCount = 5 }, "expected 6 layers, found 5 in a trace of other");
        await ShouldRefuse(info with { NeuronCount = 2047 }, "expected 2048 neurons a layer, found 2047");
        await ShouldRefuse(info with { StrideBytes = 4096 }, "expected bundles of 2048 bytes, found 4096");
    }

    [Fact]
    public async Task Traces_of_another_model_than_the_image_are_not_compared()
    {
        string other = _home.PathOf("other.trace");
        TestTrace.Write(other, TestTrace.InfoOf(_image, tokens: 8) with { ModelDigest = new string('f', 64) });
        await ShouldFail([_image.Folder, "--train", other, "--test", other], other, _image.Folder, "expected model digest");
    }

    [Fact]
    public async Task What_is_missing_or_damaged_is_named()
    {
        string none = _home.PathOf("none");
        await ShouldFail(["--train", none, "--test", _test], none);
        await ShouldFail(["--train", _train, "--test", _test, none], none);
        await ShouldFail(["--train", _train, "--test", _image.PathOf(ImageFiles.Resident)], "an activation trace");
        await ShouldFail([none, "--train", _train, "--test", _test], none, "a flash image (neuralink.json), a Hugging Face folder");
        await ShouldFail(["--train", _train, "--test", _test, "--profile", none], none);
        using (FileStream file = File.OpenWrite(_test))
            file.SetLength(file.Length - 7);
        await ShouldFail(["--train", _train, "--test", _test], _test, "the file is damaged");
    }

    [Fact]
    public async Task Cancelled_it_says_so()
    {
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        CliResult run = await _home.RunAsync("", ["placement", "compare", "--train", _train, "--test", _test], cancellation: stop.Token);
        (run.Code, run.Error, run.Out).Should().Be((130, "neuralink: cancelled\n", ""));
    }

    [Theory]
    [InlineData("neuralink placement --help", "placement")]
    [InlineData("--train", "placement", "compare", "--test", "a")]
    [InlineData("--test", "placement", "compare", "--train", "a")]
    [InlineData(
        "--method: expected some of identity or random or frequency or neuralink", "placement", "compare", "--train", "a", "--test", "b",
        "--method", "random,magic")]
    [InlineData("separated by commas, found ''", "placement", "compare", "--train", "a", "--test", "b", "--method", "")]
    [InlineData(
        "--cache: expected shares such as 0%,5%,10%, each at most 100%, found '110%' in '5%,110%'", "placement", "compare", "--train", "a",
        "--test", "b", "--cache", "5%,110%")]
    [InlineData("found '64MiB'", "placement", "compare", "--train", "a", "--test", "b", "--cache", "64MiB")]
    [InlineData("--memory: expected at least one byte, found 0 B", "placement", "compare", "--train", "a", "--test", "b", "--memory", "0")]
    [InlineData("--seed: expected an integer, found 'x'", "placement", "compare", "--train", "a", "--test", "b", "--seed", "x")]
    public async Task A_wrong_command_line_is_one_line(string part, params string[] args) =>
        (await _home.RunAsync(args)).ShouldFail(2, part);

    [Theory]
    [InlineData("compare", "placement", "--help")]
    [InlineData("--train", "placement", "compare", "--help")]
    public async Task Help_lists_the_options_and_gives_examples(string option, params string[] args)
    {
        CliResult run = await _home.RunAsync(args);
        run.Code.Should().Be(0);
        run.Out.Should().Contain(option).And.Contain("Examples:").And.Contain("neuralink placement compare --train stories.trace");
    }

    private static void Check(JsonElement cache, string[] methods)
    {
        JsonElement[] orders = [.. cache.GetProperty("orders").EnumerateArray()];
        JsonElement bound = cache.GetProperty("bound");
        orders.Select(o => o.GetProperty("method").GetString()).Should().Equal(methods);
        orders[0].EnumerateObject().Select(p => p.Name).Should().Equal(
            "method", "reads_per_token", "mean_read_bundles", "bytes_read_per_byte_used", "millis_per_token", "of_identity");
        double identity = orders[0].GetProperty("millis_per_token").GetDouble();
        foreach (JsonElement order in orders)
        {
            double reads = order.GetProperty("reads_per_token").GetDouble(), millis = order.GetProperty("millis_per_token").GetDouble();
            reads.Should().BeGreaterThanOrEqualTo(bound.GetProperty("reads_per_token").GetDouble());
            millis.Should().BeGreaterThanOrEqualTo(bound.GetProperty("millis_per_token").GetDouble());
            millis.Should().BeApproximately(
                reads * ((20 + (order.GetProperty("mean_read_bundles").GetDouble() * 2.048)) / 1000), 1e-9, "all layers are alike here");
            order.GetProperty("of_identity").GetDouble().Should().BeApproximately(millis / identity, 1e-9);
        }
        orders[3].GetProperty("of_identity").GetDouble().Should().BeLessThan(0.75, "groups that fire together lie together");
    }

    private static string[] Cells(string table, string order) =>
        [
            .. table.Split('\n').Single(line => line.Contains($"│ {order} ", StringComparison.Ordinal)).Trim('│')
                .Split('│', StringSplitOptions.TrimEntries)
        ];

    private async Task<CliResult> Compare(params string[] args)
    {
        CliResult run = await _home.RunAsync(["placement", "compare", .. args]);
        run.Code.Should().Be(0, "of {0}", run.Error);
        return run;
    }

    private async Task ShouldRefuse(ActivationTraceInfo info, params string[] parts)
    {
        string path = _home.PathOf("refused.trace");
        TestTrace.Write(path, info);
        await ShouldFail(["--train", _train, "--test", _test, path], [path, .. parts]);
        File.Delete(path);
    }

    private async Task ShouldFail(string[] args, params string[] parts)
    {
        CliResult run = await _home.RunAsync(["placement", "compare", .. args]);
        run.ShouldFail(1, parts);
        run.Out.Should().BeEmpty();
    }
}
