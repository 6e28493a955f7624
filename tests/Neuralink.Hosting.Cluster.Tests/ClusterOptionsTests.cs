using Akka.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Neuralink.Hosting.Cluster.Membership;

namespace Neuralink.Hosting.Cluster.Tests;

/// <summary>What the options may be, and what becomes of them.</summary>
public sealed class ClusterOptionsTests
{
    [Fact]
    public void The_defaults_are_right()
    {
        new ClusterOptions().Faults().Should().BeEmpty();
        new ClusterOptions { Kubernetes = new KubernetesOptions() }.Faults().Should().BeEmpty();
    }

    [Fact]
    public void Everything_that_is_wrong_is_listed()
    {
        ClusterOptions options = new()
        {
            Host = "a:1",
            Port = 0,
            Seeds = ["node", "node:0", "node:65536", ":1"],
            DrainGrace = TimeSpan.FromHours(2),
            WindowTokens = 0,
            Kubernetes = new KubernetesOptions { Service = " ", ContactPoints = 0, ManagementPort = -1 },
        };
        string[] expected =
        [
            "Host: *a:1", "Port: *0", "Seeds: *node", "Seeds: *node:0", "Seeds: *node:65536", "Seeds: *:1", "Kubernetes: *node, node:0*",
            "DrainGrace: *02:00:00", "WindowTokens: *0",
            "Kubernetes:Service*", "Kubernetes:ManagementPort*-1", "Kubernetes:ContactPoints*0",
        ];
        IReadOnlyList<string> faults = options.Faults();
        faults.Should().HaveCount(expected.Length);
        foreach (string pattern in expected)
            faults.Should().ContainMatch($"Neuralink:Cluster:{pattern}");
    }

    [Fact]
    public void They_come_from_the_configuration_and_are_changed_by_code()
    {
        ClusterOptions options = Bound(
            o => o.Port = 9000,
            ("Host", "node1"), ("Port", "8999"), ("Seeds:0", "node0:1"), ("DrainGrace", "00:00:05"), ("Tls:CertificatePath", "a.pem"));
        options.Host.Should().Be("node1");
        options.Port.Should().Be(9000);
        options.Seeds.Should().Equal("node0:1");
        options.DrainGrace.Should().Be(TimeSpan.FromSeconds(5));
        options.Tls!.CertificatePath.Should().Be("a.pem");
        options.Kubernetes.Should().BeNull();
    }

    [Theory]
    [InlineData("Prot", "1")]
    [InlineData("Port", "http")]
    public void What_is_not_understood_is_refused_by_name(string key, string value) =>
        ((Action)(() => Bound(_ => { }, (key, value)))).Should().Throw<Exception>().Which.ToString().Should().Contain(key);

    [Fact]
    public void Values_out_of_range_are_refused() =>
        ((Action)(() => Bound(_ => { }, ("WindowTokens", "5000")))).Should()
            .Throw<OptionsValidationException>().WithMessage("*WindowTokens*");

    [Fact]
    public void A_cluster_without_an_engine_is_refused() =>
        ((Action)(() => new ServiceCollection().AddNeuralinkCluster())).Should().Throw<NeuralinkException>().WithMessage("*AddNeuralink*");

    [Fact]
    public void The_actor_systems_configuration_has_no_serializer_that_makes_any_type_and_a_split_brain_resolver()
    {
        Config config = ClusterConfiguration.Hocon(new ClusterOptions { Host = "node1", BindHost = "0.0.0.0" });
        config.GetString("akka.actor.serializers.json").Should().Contain("RefusingSerializer");
        config.GetString("akka.cluster.split-brain-resolver.active-strategy").Should().Be("keep-majority");
        config.GetString("akka.cluster.downing-provider-class").Should().Contain("SplitBrainResolverProvider");
        config.GetString("akka.remote.dot-netty.tcp.hostname").Should().Be("0.0.0.0");
        config.GetString("akka.remote.dot-netty.tcp.public-hostname").Should().Be("node1");
        config.GetBoolean("akka.remote.dot-netty.tcp.enable-ssl").Should().BeFalse();
        config.GetBoolean("akka.cluster.sharding.remember-entities").Should().BeFalse();
    }

    private static ClusterOptions Bound(Action<ClusterOptions> configure, params (string Key, string Value)[] settings)
    {
        ServiceCollection services = new();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
            settings.Select(s => KeyValuePair.Create($"{ClusterOptions.Section}:{s.Key}", (string?)s.Value))).Build());
        services.AddSingleton<INeuralinkEngine>(new ScriptedEngine("n"));
        services.AddNeuralinkCluster(configure);
        using ServiceProvider provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<ClusterOptions>>().Value;
    }
}
