using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Neuralink.Hosting.Cluster.Membership;

namespace Neuralink.Hosting.Cluster;

/// <summary>How a host becomes a node of a cluster.</summary>
public static class NeuralinkClusterServices
{
    /// <summary>The name of the health check, and the tag that readiness probes go by.</summary>
    public const string HealthCheck = "neuralink-cluster", ReadyTag = "ready";

    /// <summary>
    /// Makes the host a node of a cluster: <see cref="INeuralinkEngine"/> becomes the engines of all nodes. After AddNeuralink. A host with
    /// an actor system of its own adds <see cref="AddNeuralinkCluster(AkkaConfigurationBuilder, IServiceProvider)"/> to that.
    /// </summary>
    /// <param name="services">The host's.</param>
    /// <param name="configure">Changes what the configuration section <see cref="ClusterOptions.Section"/> states.</param>
    /// <exception cref="NeuralinkException">There is no engine yet.</exception>
    public static IServiceCollection AddNeuralinkCluster(this IServiceCollection services, Action<ClusterOptions>? configure = null)
    {
        services.AddNeuralinkSubsection(ClusterOptions.Section[(ClusterOptions.Section.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        OptionsBuilder<ClusterOptions> options = services.AddOptions<ClusterOptions>()
            .BindConfiguration(ClusterOptions.Section, binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ClusterOptions>, Validator>());
        services.TryAddSingleton(TimeProvider.System);
        WrapEngine(services);
        services.ConfigureNeuralinkActors((builder, provider) => builder.AddNeuralinkCluster(provider));
        services.AddSingleton<ClusterNode>();
        services.AddHostedService(provider => provider.GetRequiredService<ClusterNode>());
        services.AddHealthChecks().AddCheck<ClusterHealthCheck>(HealthCheck, tags: [ReadyTag]);
        // Without this the host would cut off the texts that leaving takes its time for.
        services.AddOptions<HostOptions>().PostConfigure<IOptions<ClusterOptions>>((host, cluster) =>
        {
            TimeSpan needed = ClusterConfiguration.HandOverMax(cluster.Value) * 2;
            if (host.ShutdownTimeout < needed)
                host.ShutdownTimeout = needed;
        });
        return services;
    }

    /// <summary>Configures an actor system of the host's own as that of a node.</summary>
    /// <param name="builder">The system's.</param>
    /// <param name="provider">The host's services, of which the options are.</param>
    public static AkkaConfigurationBuilder AddNeuralinkCluster(this AkkaConfigurationBuilder builder, IServiceProvider provider)
    {
        ClusterConfiguration.Configure(builder, provider.GetRequiredService<IOptions<ClusterOptions>>().Value);
        return builder;
    }

    private static void WrapEngine(IServiceCollection services)
    {
        ServiceDescriptor engine = services.LastOrDefault(s => s.ServiceType == typeof(INeuralinkEngine))
            ?? throw new NeuralinkException("add the cluster to the host", "an engine", "none", "call AddNeuralink before");
        services.Remove(engine);
        services.TryAddSingleton(provider => LocalEngine.Of(
            (INeuralinkEngine)(engine.ImplementationInstance ?? engine.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, engine.ImplementationType!))));
        services.AddSingleton<INeuralinkEngine, ClusteredEngine>();
    }

    private sealed class Validator : IValidateOptions<ClusterOptions>
    {
        public ValidateOptionsResult Validate(string? name, ClusterOptions options) =>
            options.Faults() is { Count: > 0 } faults ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }
}

/// <summary>Whether this node takes requests; a readiness probe asks.</summary>
internal sealed class ClusterHealthCheck(ClusterNode node) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(node.State switch
        {
            NodeState.Ready => HealthCheckResult.Healthy("member of the cluster"),
            NodeState.Joining => HealthCheckResult.Unhealthy("not yet a member of the cluster"),
            NodeState.Leaving => HealthCheckResult.Unhealthy("leaving the cluster"),
            _ => HealthCheckResult.Unhealthy("refused by the cluster", node.WhenMember.Exception?.InnerException),
        });
}
