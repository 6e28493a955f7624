using Neuralink.Storage;
using Neuralink.Studies.Measuring;
using Neuralink.Tests.Support;

namespace Neuralink.Studies.Tests.Measuring;

/// <summary>Over an image of a few kilobytes: what is run and in which order, not how fast.</summary>
public sealed class BenchSessionTests(RandomImage image) : IClassFixture<RandomImage>
{
    private static readonly BenchTest s_prompt = BenchTest.Prompt(6), s_text = BenchTest.Generation(4);

    private readonly List<string> _notes = [];

    [Fact]
    public async Task Every_round_runs_every_combination_once_and_the_first_again_at_the_end()
    {
        BenchSession session = Session(Setup([Variant(0.1), Variant(0.5)], s_prompt, s_text));
        List<int[]> runs = [];
        await session.RunAsync(new Reports(_ => runs.Add([.. session.Results.Select(r => r.Runs.Count)])), default);
        runs.Select(counts => string.Join(' ', counts)).Should().Equal(
            "1", "1 1", "1 1 1", "1 1 1 1", "2 1 1 1", "2 2 1 1", "2 2 2 1", "2 2 2 2", "2 2 2 2", "2 2 2 2");
        (session.RunsDone, session.RunsTotal).Should().Be((10, 10));
        session.SentinelRatio.Should().BePositive();
        session.Results.Select(r => (r.Test.Name, r.Subject.CacheShare > 0.4)).Should().Equal(
            ("pp6", false), ("tg4", false), ("pp6", true), ("tg4", true));
        _notes.Should().BeEmpty();
    }

    [Fact]
    public async Task Cold_runs_read_the_same_each_time_and_warm_ones_find_more()
    {
        BenchSession session = Session(Setup([Variant(0.5)], s_text) with { Protocols = [BenchProtocol.Cold, BenchProtocol.Warm] });
        await session.RunAsync(new Progress<double>(), default);
        (BenchResult cold, BenchResult warm) = (session.Results[0], session.Results[1]);
        cold.Runs.Select(r => r.Io.BytesRead).Distinct().Should().ContainSingle().Which.Should().BePositive();
        warm.Metrics.HitRate.Should().BeGreaterThan(cold.Metrics.HitRate);
        warm.Metrics.DemandBytes.Should().Be(cold.Metrics.DemandBytes, "it is the same text");
    }

    [Fact]
    public async Task Texts_that_run_at_once_are_counted_together()
    {
        BenchVariant three = Variant(0.1, engine => engine with { SequencesMax = 3 });
        BenchSession session = Session(Setup([three], s_prompt, s_text));
        await session.RunAsync(new Progress<double>(), default);
        session.Results.Should().AllSatisfy(result => result.Runs.Should().AllSatisfy(run =>
        {
            run.Texts.Should().HaveCount(3).And.AllSatisfy(t => t.TokenMillis.Should().HaveCount(result.Test.WantedTokens));
            run.Tokens.Should().Be(3 * result.Test.Tokens);
        }));
    }

    [Fact]
    public async Task Engines_that_do_not_fit_together_take_turns()
    {
        BenchSession session = Session(Setup([Variant(0.1), Variant(0.2)], s_text) with { EngineBytesMax = 1 });
        await session.RunAsync(new Progress<double>(), default);
        session.Results.Select(r => r.Runs.Count).Should().Equal(2, 2);
        _notes.Should().Equal("the engines do not fit into memory together: each is opened anew for every run of its own");
    }

    [Fact]
    public async Task What_cannot_be_run_is_left_out_and_named_and_the_rest_runs()
    {
        BenchVariant frequency = Variant(0.1) with { Given = new Dictionary<string, string> { ["strategy"] = "frequency" } };
        frequency = frequency with { Setup = frequency.Setup with { Strategy = ExecutionStrategy.Frequency } };
        BenchSession session = Session(Setup([frequency, Variant(0.1)], s_text));
        await session.RunAsync(new Progress<double>(), default);
        session.Results.Should().ContainSingle().Which.Subject.Strategy.Should().Be("serial");
        (string combination, NeuralinkException error) = session.Failures.Should().ContainSingle().Subject;
        combination.Should().Be("tg4 rotating, strategy frequency");
        error.Message.Should().Contain("neurons in frequency order");
        session.SentinelRatio.Should().BePositive("the first that runs is the baseline");
    }

    [Fact]
    public async Task What_has_been_run_when_it_is_stopped_stays()
    {
        using CancellationTokenSource stop = new();
        BenchSession session = Session(Setup([Variant(0.1)], s_prompt, s_text));
        Reports reports = new(_ =>
        {
            if (session.RunsDone == 3)
                stop.Cancel();
        });
        await session.Invoking(s => s.RunAsync(reports, stop.Token)).Should().ThrowAsync<OperationCanceledException>();
        session.Results.Select(r => r.Runs.Count).Should().Equal(2, 1);
        session.SentinelRatio.Should().BeNull();
        (session.RunsDone, session.RunsTotal).Should().Be((3, 6));
    }

    [Fact]
    public async Task The_share_that_is_over_never_exceeds_all_of_it()
    {
        List<double> shares = [];
        await Session(Setup([Variant(0.1)], s_text)).RunAsync(new Reports(shares.Add), default);
        shares.Should().HaveCount(4).And.OnlyContain(share => share > 0 && share <= 1);
        shares[^1].Should().Be(1);
    }

    [Fact]
    public async Task A_prompt_is_cut_from_a_text_that_is_long_enough()
    {
        BenchSetup setup = Setup([Variant(0.1)], s_prompt);
        BenchSession session = Session(setup with { Source = new BenchSource("story.txt", "Once upon a time, there was") });
        await session.RunAsync(new Progress<double>(), default);
        session.Results.Should().ContainSingle();
        BenchSession tooShort = Session(setup with { Source = new BenchSource("short.txt", "Hi") });
        await tooShort.RunAsync(new Progress<double>(), default);
        tooShort.Results.Should().BeEmpty();
        tooShort.Failures.Single().Error.Message.Should().Contain("cut prompts from short.txt").And.Contain("give a longer text");
    }

    private static BenchSetup Setup(IReadOnlyList<BenchVariant> variants, params BenchTest[] tests) => new()
    {
        Variants = variants,
        Protocols = [BenchProtocol.Rotating],
        Tests = tests,
        Repetitions = 2,
    };

    private BenchVariant Variant(double cache, Func<EngineOptions, EngineOptions>? change = null)
    {
        EngineOptions engine = new()
        {
            Cache = CacheSize.OfShare(cache),
            Threads = 1,
            QueueDepth = 2,
            WarmUp = WarmUpMode.None,
            CollapseGapBytes = 0,      // else it depends on the disk's speed which gaps are read through
        };
        ModelSetup setup = new()
        {
            Folder = image.Folder,
            Strategy = ExecutionStrategy.Serial,
            Engine = change?.Invoke(engine) ?? engine,
        };
        return new BenchVariant(setup, new Dictionary<string, string>());
    }

    private BenchSession Session(BenchSetup setup) => new(setup, new ModelStore(new ModelStoreOptions { Note = _notes.Add }));

    /// <summary>Unlike Progress, on the caller's thread.</summary>
    private sealed class Reports(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
