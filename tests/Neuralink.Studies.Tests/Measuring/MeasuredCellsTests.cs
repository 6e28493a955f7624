using Neuralink.Placement.Ordering;
using Neuralink.Storage;
using Neuralink.Storage.Profiles;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Measuring;
using Neuralink.Tests.Support;

namespace Neuralink.Studies.Tests.Measuring;

/// <summary>Over an image of a few kilobytes: that all of a result is there and adds up, not how fast it is.</summary>
public sealed class MeasuredCellsTests(RandomImage image) : IClassFixture<RandomImage>
{
    private static readonly string[] s_words =
        ["attention", "logits", "predictor", "lookahead", "hits", "arrived", "down", "demand", "ahead"];

    private readonly MeasuredCells _cells =
        new(new ModelStore(new ModelStoreOptions()), _ => DeviceModels.Of(DeviceProfile.Default, DeviceModels.This));

    [Theory]
    [InlineData("this", ExecutionStrategy.Serial)]
    [InlineData("this", ExecutionStrategy.PrefetchCluster)]
    [InlineData("nvme", ExecutionStrategy.Cluster)]
    public void A_cell_has_all_that_a_simulated_one_has(string device, ExecutionStrategy strategy)
    {
        CellResult result = Run(Cell() with { Device = device, Strategy = strategy });
        double parts = result.AttentionMillis + result.PredictorMillis + result.LookaheadMillis + result.FfnMillis
            + result.OverheadMillis + result.WaitMillis;
        parts.Should().BeGreaterThanOrEqualTo(result.TokenMillis - 1e-9);
        new[] { result.AttentionMillis, result.PredictorMillis, result.FfnMillis, result.DeviceMillis }
            .Should().OnlyContain(millis => millis > 0);
        (result.LookaheadMillis > 0).Should().Be(strategy == ExecutionStrategy.PrefetchCluster);
        result.WorstTokenMillis.Should().BePositive();
        (result.TokenMillisDeviation, result.WaitMillis).Should().Match<(double, double)>(t => t.Item1 >= 0 && t.Item2 >= 0);
        new[] { result.Bytes, result.Reads, result.DemandBytes, result.EffectiveBytesPerSecond }.Should().OnlyContain(count => count > 0);
        result.HitRate.Should().BeInRange(0, 1);
    }

    [Fact]
    public void The_timeline_is_of_one_token_and_in_the_words_of_a_simulated_one()
    {
        CellTimeline timeline = Run(Cell()).Timeline!;
        timeline.TotalMicros.Should().BePositive();
        timeline.Spans.Should().OnlyContain(s => s.StartMicros >= 0 && s.EndMicros <= timeline.TotalMicros && s.StartMicros <= s.EndMicros);
        timeline.Spans.Select(s => s.What).Should().BeSubsetOf(s_words).And.Contain(["attention", "predictor", "down"]);
        timeline.Spans.Where(s => s.What == "attention").Select(s => s.Layer).Should().Equal(0, 1, 2);
        timeline.Spans.Select(s => s.Lane).Should().BeInAscendingOrder();
        timeline.Spans.Where(s => s.Lane == TimelineLane.Reading).Should().OnlyContain(s => s.Bytes > 0);
    }

    [Fact]
    public void A_slow_device_takes_at_least_its_own_time()
    {
        CellResult result = Run(Cell() with { Device = "microsd", Tokens = 4 });
        double work = result.Reads * DeviceModels.Find("microsd").Cost.MicrosOf((long)result.MeanReadBytes) / 1000;
        result.TokenMillis.Should().BeGreaterThan(0.9 * work, "reads are served one after the other");
    }

    [Fact]
    public void What_only_a_simulation_can_take_for_granted_is_refused_by_name()
    {
        Refused(Cell() with { ComputeScale = 2 }, "compute_scale 1, found 2");
        Refused(Cell() with { Computing = "snapdragon" }, "computing this, found snapdragon");
        Refused(Cell() with { LookaheadRecall = 0.9 }, "lookahead_recall none");
        Refused(Cell() with { LookaheadPrecision = 0.9 }, "lookahead_precision none");
        Refused(Cell() with { PredictedPerActive = 1.5 }, "predicted_per_active none");
        Refused(Cell() with { Trace = "x.trace" }, "trace none");
        Refused(Cell() with { Text = StudyText.Longer }, "text the model's own text, found Longer");
        Refused(Cell() with { Tokens = 1 }, "tokens 2 or more, found 1");
        Refused(Cell() with { Placement = PlacementMethod.Best }, "an image in the order best, found identity");
    }

    [Fact]
    public void A_model_or_device_that_is_not_there_is_named()
    {
        Refused(Cell() with { Model = "/nowhere/model.nlk" }, "/nowhere/model.nlk");
        Refused(Cell() with { Device = "floppy" }, "ufs-4.0", "microsd", "'floppy'");
    }

    private StudyCell Cell() => new()
    {
        Model = image.Folder,
        Device = DeviceModels.This,
        IsMeasured = true,
        Strategy = ExecutionStrategy.Cluster,
        CacheShare = 0.1,
        QueueDepth = 2,
        Tokens = 8,
    };

    private CellResult Run(StudyCell cell) => _cells.Run(cell, default);

    private void Refused(StudyCell cell, params string[] parts)
    {
        string message = this.Invoking(t => t.Run(cell)).Should().Throw<NeuralinkException>().Which.Message;
        foreach (string part in parts)
            message.Should().Contain(part);
    }
}
