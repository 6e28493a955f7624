using Akka.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Neuralink.Hosting;

/// <summary>How a model comes into a host.</summary>
public static class NeuralinkServices
{
    /// <summary>The actor system, where the host has none of its own.</summary>
    internal const string SystemName = "neuralink";

    // The host's log has what actors say; nothing goes to standard output, and the host alone ends the process.
    private const string Hocon =
        """
        akka.stdout-loglevel = OFF
        akka.log-dead-letters = off
        akka.log-dead-letters-during-shutdown = off
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        """;

    /// <summary>
    /// Adds a model: <see cref="INeuralinkEngine"/> and <see cref="IChatClient"/>, opened when the host starts and disposed when it stops.
    /// Its actors run in the host's actor system: that of an earlier AddAkka, which needs
    /// <see cref="NeuralinkHosting.AddNeuralinkActors"/>, or one that is added here.
    /// </summary>
    /// <param name="services">The host's.</param>
    /// <param name="configure">Changes what the configuration section <see cref="NeuralinkOptions.Section"/> states.</param>
    public static IServiceCollection AddNeuralink(this IServiceCollection services, Action<NeuralinkOptions>? configure = null)
    {
        if (!services.Any(service => service.ServiceType == typeof(EngineService)))
            AddParts(services);
        return configure is null ? services : services.Configure(configure);
    }

    /// <summary>Lets another part of the host have a section of its own within <see cref="NeuralinkOptions.Section"/>.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="name">The section's key.</param>
    public static IServiceCollection AddNeuralinkSubsection(this IServiceCollection services, string name) =>
        services.AddSingleton(new Subsection(name));

    /// <summary>Adds to the actor system that AddNeuralink makes; one that the host made before is configured where it was made.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="configure">Adds it, when the system starts.</param>
    public static IServiceCollection ConfigureNeuralinkActors(
        this IServiceCollection services, Action<AkkaConfigurationBuilder, IServiceProvider> configure) =>
        services.AddSingleton(new SystemSetup(configure));

    /// <summary>The engine as a chat client of Microsoft.Extensions.AI; AddNeuralink registers one.</summary>
    /// <param name="engine">Generates; it is not disposed with the client.</param>
    /// <param name="time">The clock; null is the system's.</param>
    public static IChatClient AsChatClient(this INeuralinkEngine engine, TimeProvider? time = null) =>
        new NeuralinkChatClient(engine, time ?? TimeProvider.System, telemetry: null);

    private static void AddParts(IServiceCollection services)
    {
        services.AddOptions<NeuralinkOptions>().Configure<IServiceProvider>(Bind).ValidateOnStart();
        services.AddSingleton<IValidateOptions<NeuralinkOptions>, OptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<NeuralinkTelemetry>();
        services.AddHealthChecks().AddCheck<EngineHealthCheck>(EngineHealthCheck.Name, tags: [EngineHealthCheck.ReadyTag]);
        if (!services.Any(service => service.ServiceType == typeof(AkkaConfigurationBuilder)))
            services.AddAkka(SystemName, ConfigureActors);
        services.AddSingleton<EngineService>();
        services.AddHostedService(provider => provider.GetRequiredService<EngineService>());
        services.TryAddSingleton<INeuralinkEngine>(provider => provider.GetRequiredService<EngineService>());
        services.TryAddSingleton<IChatClient>(provider => new NeuralinkChatClient(
            provider.GetRequiredService<INeuralinkEngine>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<NeuralinkTelemetry>()));
    }

    private static void Bind(NeuralinkOptions options, IServiceProvider provider)
    {
        if (provider.GetService<IConfiguration>()?.GetSection(NeuralinkOptions.Section) is { } section)
        {
            HashSet<string> others = new(
                provider.GetServices<Subsection>().Select(other => other.Name), StringComparer.OrdinalIgnoreCase);
            OptionBinding.Bind(section, others, options);
        }
    }

    private static void ConfigureActors(AkkaConfigurationBuilder builder, IServiceProvider provider)
    {
        builder.AddHocon(Hocon, HoconAddMode.Append).AddNeuralinkActors().WithActorSystemLivenessCheck().ConfigureLoggers(loggers =>
        {
            loggers.ClearLoggers();
            loggers.AddLoggerFactory();
        });
        foreach (SystemSetup setup in provider.GetServices<SystemSetup>())
            setup.Configure(builder, provider);
    }

    private sealed record Subsection(string Name);

    private sealed record SystemSetup(Action<AkkaConfigurationBuilder, IServiceProvider> Configure);
}
