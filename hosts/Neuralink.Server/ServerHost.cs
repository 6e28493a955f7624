using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Neuralink.Hosting;
using Neuralink.Hosting.Cluster;
using Neuralink.Server.Answers;
using Neuralink.Server.Endpoints;
using Neuralink.Server.Errors;
using Neuralink.Server.Generation;
using Neuralink.Server.Diagnostics;
using Neuralink.Server.Options;
using Neuralink.Server.Page;
using Neuralink.Server.Page.Live;
using Neuralink.Server.Requests;
using Neuralink.Server.Security;

namespace Neuralink.Server;

/// <summary>The web host: what `neuralink-server` and `neuralink serve` start.</summary>
public static class ServerHost
{
    // As many connections as a small machine has descriptors for, beside its files.
    private const int ConnectionsMax = 1000;

    // What appsettings.json and the environment may change.
    private static readonly Dictionary<string, string?> s_logLevels = new(StringComparer.Ordinal)
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft"] = "Warning",
        ["Logging:LogLevel:Akka"] = "Warning",
    };

    /// <summary>Serves until it is told to end.</summary>
    /// <param name="settings">What the command line says: configuration keys and their values.</param>
    /// <param name="cancellation">Ends it: running requests have a while to end. A signal to the process does the same.</param>
    /// <exception cref="Storage.NeuralinkException">The model cannot be opened.</exception>
    /// <exception cref="OptionsValidationException">Options are out of their ranges; the message lists them all.</exception>
    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task RunAsync(IEnumerable<KeyValuePair<string, string?>> settings, CancellationToken cancellation = default)
    {
        await using WebApplication app = Build(settings);
        await app.StartAsync(cancellation);
        try
        {
            foreach (string address in app.Urls)
                Announce(app, address);
            await app.WaitForShutdownAsync(cancellation);
        }
        finally
        {
            await app.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>The host, not started yet.</summary>
    /// <param name="settings">Configuration keys and their values, which count more than files and the environment.</param>
    /// <param name="configure">Changes its services, for tests; or null.</param>
    internal static WebApplication Build(
        IEnumerable<KeyValuePair<string, string?>> settings, Action<IServiceCollection>? configure = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = s_logLevels });
        AddLogging(builder);
        AddServices(builder.Services, builder.Configuration);
        Telemetry.Add(builder);
        configure?.Invoke(builder.Services);
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServerOptions>>(ConfigureKestrel);
        WebApplication app = builder.Build();
        UseMiddleware(app);
        MapEndpoints(app);
        return app;
    }

    private static void AddLogging(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.IncludeScopes = false;
            console.TimestampFormat = "HH:mm:ss ";
            console.ColorBehavior = LoggerColorBehavior.Default;
        });
        // Standard output belongs to results.
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private static void AddServices(IServiceCollection services, ConfigurationManager configuration)
    {
        services.AddNeuralink().AddNeuralinkSubsection(ServerOptions.Key);
        services.AddOptions<ServerOptions>()
            .BindConfiguration(ServerOptions.Section, binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServerOptions>, ServerOptionsValidator>();
        services.AddOptions<HostOptions>().Configure<IOptions<ServerOptions>>((host, server) =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(server.Value.GraceSeconds));
        services.AddHealthChecks();
        // The section makes a node, whether it comes from --cluster, the environment or a file.
        if (configuration.GetSection(ClusterOptions.Section).Exists())
            services.AddNeuralinkCluster();
        services.AddSingleton<ApiKeys>().AddSingleton<CorsPolicy>().AddSingleton<HostPolicy>();
        services.AddSingleton<JsonBody>().AddSingleton<ServedModel>().AddSingleton<Answerer>();
    }

    private static void ConfigureKestrel(KestrelServerOptions kestrel, IOptions<ServerOptions> server)
    {
        ServerOptions options = server.Value;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
        // JsonBody has the limit; what is beyond it is read away, so that a client that still sends sees the answer.
        kestrel.Limits.MaxRequestBodySize = null;
        // A reader that is slow is waited for, up to the request's deadline: its sequence pauses meanwhile.
        kestrel.Limits.MinResponseDataRate = null;
        if (IPAddress.TryParse(options.Host, out IPAddress? address))
            kestrel.Listen(address, options.Port);
        else if (options.Port == 0)
            kestrel.Listen(IPAddress.Loopback, 0);      // a free port can be had on one address only
        else
            kestrel.ListenLocalhost(options.Port);
    }

    private static void UseMiddleware(WebApplication app)
    {
        app.UseMiddleware<RequestLogMiddleware>();
        app.UseMiddleware<ErrorMiddleware>();
        app.UseMiddleware<StoppingMiddleware>();
        app.UseMiddleware<OriginMiddleware>();
        app.UseMiddleware<KeyMiddleware>();
        app.UseRouting();
    }

    private static void MapEndpoints(WebApplication app)
    {
        PageEndpoints.Map(app);
        LiveEndpoint.Map(app);
        HealthEndpoints.Map(app);
        ModelEndpoints.Map(app);
        ChatEndpoint.Map(app);
        CompletionEndpoint.Map(app);
        TokenEndpoints.Map(app);
        OllamaEndpoints.Map(app);
        OllamaModelEndpoints.Map(app);
        app.MapPrometheusScrapingEndpoint("/metrics");
    }

    private static void Announce(WebApplication app, string address)
    {
        ILogger logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ServerHost).FullName!);
        ServerOptions options = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value;
        logger.Listening(address);
        bool isOpen = !app.Services.GetRequiredService<ApiKeys>().Any;
        if (isOpen && !options.IsLoopback)
            logger.Anonymous(address);
        app.Lifetime.ApplicationStopping.Register(() => logger.Stopping(options.GraceSeconds));
    }
}
