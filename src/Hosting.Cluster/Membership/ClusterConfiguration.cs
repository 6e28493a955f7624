using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Akka.Configuration;
using Akka.Event;
using Akka.Hosting;
using Akka.Discovery.KubernetesApi;
using Akka.Management;
using Akka.Management.Cluster.Bootstrap;

namespace Neuralink.Hosting.Cluster.Membership;

/// <summary>The configuration of a node's actor system.</summary>
internal static class ClusterConfiguration
{
    // What a step of leaving may take beyond the texts that are finished in it.
    private static readonly TimeSpan s_handOverMargin = TimeSpan.FromSeconds(10);

    /// <summary>How long all conversations of a node that leaves may take to leave it.</summary>
    public static TimeSpan HandOverMax(ClusterOptions options) => options.DrainGrace + s_handOverMargin;

    /// <summary>Makes an actor system that of a node.</summary>
    public static void Configure(AkkaConfigurationBuilder builder, ClusterOptions options)
    {
        builder.AddHocon(Hocon(options), HoconAddMode.Prepend);
        if (options.Tls is { } tls)
            builder.AddSetup(ClusterTls.Setup(tls));
        if (options.Kubernetes is { } kubernetes)
            AddKubernetes(builder, options, kubernetes);
    }

    internal static Config Hocon(ClusterOptions options)
    {
        const string name = $"Neuralink.Hosting.Cluster.Membership.cluster.hocon";
        using Stream stream = typeof(ClusterConfiguration).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {name}.");
        using StreamReader reader = new(stream);
        return ConfigurationFactory.ParseString(FromOptions(options)).WithFallback(ConfigurationFactory.ParseString(reader.ReadToEnd()));
    }

    private static string FromOptions(ClusterOptions options) =>
        $$"""
        akka.remote.dot-netty.tcp {
          hostname = "{{options.BindHost ?? options.Host}}"
          public-hostname = "{{options.Host}}"
          port = {{options.Port}}
          enable-ssl = {{(options.Tls is null ? "off" : "on")}}
        }
        akka.cluster {
          gossip-interval = {{Millis(options.GossipInterval)}}
          leader-actions-interval = {{Millis(options.GossipInterval)}}
          unreachable-nodes-reaper-interval = {{Millis(options.GossipInterval)}}
          failure-detector.heartbeat-interval = {{Millis(options.GossipInterval)}}
          failure-detector.acceptable-heartbeat-pause = {{Millis(options.HeartbeatPause)}}
          split-brain-resolver.stable-after = {{Millis(options.StableAfter)}}
          sharding.handoff-timeout = {{Millis(HandOverMax(options) + s_handOverMargin)}}
          sharding.retry-interval = {{Millis(options.RetryInterval)}}
        }
        akka.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout = {{Millis(HandOverMax(options))}}
        """;

    private static void AddKubernetes(AkkaConfigurationBuilder builder, ClusterOptions options, KubernetesOptions kubernetes)
    {
        builder.WithAkkaManagement(options.Host, kubernetes.ManagementPort, options.BindHost ?? options.Host, kubernetes.ManagementPort);
        builder.WithClusterBootstrap(
            setup =>
            {
                setup.ContactPointDiscovery.ServiceName = kubernetes.Service;
                setup.ContactPointDiscovery.RequiredContactPointsNr = kubernetes.ContactPoints;
                setup.ContactPointDiscovery.PortName = "management";
            },
            autoStart: false);
        builder.WithKubernetesDiscovery(discovery =>
        {
            discovery.PodLabelSelector = "app={0}";
            discovery.PodNamespace = kubernetes.Namespace;
        });
    }

    private static string Millis(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0}ms");
}

/// <summary>Stands where Akka writes to standard output before the host's loggers begin and after they have ended.</summary>
[SuppressMessage("Design", "MA0097", Justification = "That actors are compared is Akka's own affair.")]
internal sealed class SilentLogger : MinimalLogger
{
    protected override void Log(object message)
    {
    }
}
