using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Neuralink.Kernels;
using Neuralink.Pipeline;
using Neuralink.Placement.Caching;
using Neuralink.Storage.Devices;

namespace Neuralink.Hosting.Tests.Options;

/// <summary>Options come from the configuration and from code; what is wrong is named, all of it at once.</summary>
public sealed class NeuralinkOptionsTests
{
    [Fact]
    public void Every_option_has_a_key_of_its_name() => OptionBinding.Keys.Should().BeEquivalentTo(
        typeof(NeuralinkOptions).GetProperties().Where(p => p.CanWrite).Select(p => p.Name));

    [Fact]
    public void Values_are_spelt_as_on_the_command_line()
    {
        NeuralinkOptions options = Read(
            ("model", "x.nlk"), ("ChatTemplate", "t.jinja"), ("Memory", "64MiB"), ("Cache", "12.5%"), ("CachePolicy", "s3-fifo"),
            ("WarmUp", "none"), ("Gap", "16KiB"), ("Threads", "2"), ("Strategy", "prefetch+cluster"), ("Predictor", "sketch=3"),
            ("Lookahead", "low-rank"), ("Ahead", "2"), ("QueueDepth", "8"), ("Io", "URING"), ("Profile", "none"), ("Weights", "bf16"),
            ("Activation", "fatrelu=0.01"), ("Context", "256"), ("Sequences", "3"),
            ("Waiting", "5"), ("KvTokens", "700"), ("Chunk", "16"), ("PackFolder", "/c"), ("StopHostOnFailure", "false"));
        options.Should().BeEquivalentTo(new NeuralinkOptions
        {
            Model = "x.nlk",
            ChatTemplate = "t.jinja",
            Memory = 64 << 20,
            Cache = CacheSize.OfShare(0.125),
            CachePolicy = CachePolicyKind.S3Fifo,
            WarmUp = WarmUpMode.None,
            Gap = 16 << 10,
            Threads = 2,
            Strategy = ExecutionStrategy.PrefetchCluster,
            Predictor = new PredictorOptions { Kind = PredictorKind.Sketch, Bits = 3 },
            Lookahead = new PredictorOptions { Kind = PredictorKind.LowRank },
            Ahead = 2,
            QueueDepth = 8,
            Io = FlashAccess.Uring,
            Profile = "none",
            Weights = WeightFormat.BF16,
            Activation = new Activation(ActivationKind.FatRelu, 0.01f),
            Context = 256,
            Sequences = 3,
            Waiting = 5,
            KvTokens = 700,
            Chunk = 16,
            PackFolder = "/c",
            StopHostOnFailure = false,
        });
        EngineOptions engine = options.ToEngine();
        engine.CollapseGapBytes.Should().Be(16 << 10);
        engine.ChunkTokens.Should().Be(16);
        (engine.SequencesMax, engine.WaitingMax, engine.KvTokens).Should().Be((3, 5, 700));
        options.ToSetup().ChatTemplate.Should().Be("t.jinja");
    }

    [Fact]
    public void Code_changes_what_the_configuration_states()
    {
        NeuralinkOptions options = Read(o => o.Model ??= "other", ("Model", "x.nlk"), ("Threads", null));
        options.Model.Should().Be("x.nlk");
        Read(o => o.Threads = 3, ("Model", "x.nlk"), ("Threads", "2")).Threads.Should().Be(3);
    }

    [Fact]
    public void All_errors_are_listed_at_once()
    {
        Action read = () => Read(
            ("Cache", "110%"), ("Memory", "many"), ("Modell", "x"), ("Io:Kind", "direct"), ("Threads", "0"), ("Chunk", "513"),
            ("Strategy", "fast"), ("StopHostOnFailure", "maybe"));
        string[] failures = [.. read.Should().Throw<OptionsValidationException>().Which.Failures];
        string[] expected =
        [
            "Neuralink:Cache: expected a share*found '110%'", "Neuralink:Memory: expected*64MiB*found 'many'",
            "Neuralink:Modell: no such option; there are Model,*", "Neuralink:Io: expected direct or buffered or uring, found a section*",
            "Neuralink:Strategy: expected serial or*found 'fast'", "Neuralink:StopHostOnFailure: expected true or false, found 'maybe'",
            "Neuralink:Model: expected a flash image*found none", "Neuralink: expected 1 to 256 threads, found 0",
            "Neuralink: expected chunks of 1 to 512 tokens, found 513",
        ];
        failures.Should().HaveCount(expected.Length);
        foreach (string one in expected)
            failures.Should().ContainMatch(one);
    }

    [Fact]
    public void A_model_that_is_stated_but_unreadable_is_one_error()
    {
        Action read = () => Read(("Model", ""));
        read.Should().Throw<OptionsValidationException>().Which.Failures.Should().ContainSingle().Which.Should().Contain("not empty");
    }

    [Fact]
    public void Another_part_of_the_host_may_have_a_section_within()
    {
        ServiceCollection services = Services(("Model", "x.nlk"), ("Cluster:Port", "4053"));
        services.AddNeuralinkSubsection("Cluster");
        Value(services).Model.Should().Be("x.nlk");
        Action without = () => Value(Services(("Model", "x.nlk"), ("Cluster:Port", "4053")));
        without.Should().Throw<OptionsValidationException>().WithMessage("*Neuralink:Cluster: no such option*");
    }

    private static NeuralinkOptions Read(params (string Key, string? Value)[] entries) => Read(null, entries);

    private static NeuralinkOptions Read(Action<NeuralinkOptions>? configure, params (string Key, string? Value)[] entries) =>
        Value(Services(entries).AddNeuralink(configure));

    private static ServiceCollection Services(params (string Key, string? Value)[] entries)
    {
        ServiceCollection services = new();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection(entries.Select(e => KeyValuePair.Create($"Neuralink:{e.Key}", e.Value))).Build());
        services.AddNeuralink();
        return services;
    }

    private static NeuralinkOptions Value(IServiceCollection services)
    {
        using ServiceProvider provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<NeuralinkOptions>>().Value;
    }
}
