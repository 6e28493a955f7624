using System.Net;
using System.Net.Sockets;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Neuralink.Hosting.Cluster.Membership;

namespace Neuralink.Hosting.Cluster.Tests;

/// <summary>A node of a cluster on loopback in this process, with a scripted engine.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly IHost _host;

    private TestNode(IHost host, ScriptedEngine engine, int port)
    {
        _host = host;
        Local = engine;
        Port = port;
    }

    public ScriptedEngine Local { get; }

    public int Port { get; }

    public string Seed => $"127.0.0.1:{Port}";

    public INeuralinkEngine Engine => _host.Services.GetRequiredService<INeuralinkEngine>();

    public ClusterNode Node => _host.Services.GetRequiredService<ClusterNode>();

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    public Address Address => Akka.Cluster.Cluster.Get(System).SelfAddress;

    /// <summary>Starts a node, which joins by itself in the background.</summary>
    public static async Task<TestNode> StartAsync(
        string name, IEnumerable<string>? seeds = null, string digest = "digest", Action<ClusterOptions>? configure = null)
    {
        int port = FreePort();
        ScriptedEngine engine = new(name);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(l => l.SetMinimumLevel(LogLevel.None));
        builder.Services.AddSingleton<INeuralinkEngine>(engine);
        builder.Services.AddSingleton(new LocalEngine(engine, () => Task.FromResult(new ModelIdentity($"model of {name}", digest))));
        builder.Services.AddAkka("neuralink", (akka, services) => akka
            .AddHocon("akka.loglevel = OFF, akka.stdout-loglevel = OFF, akka.log-dead-letters = off", HoconAddMode.Append)
            .AddNeuralinkCluster(services));
        builder.Services.AddNeuralinkCluster(o =>
        {
            o.Port = port;
            o.Seeds = [.. seeds ?? []];
            o.GossipInterval = o.ReportInterval = TimeSpan.FromMilliseconds(100);
            o.RetryInterval = TimeSpan.FromMilliseconds(300);
            o.StableAfter = TimeSpan.FromSeconds(1);
            configure?.Invoke(o);
        });
        IHost host = builder.Build();
        TestNode node = new(host, engine, port);
        await host.StartAsync();
        return node;
    }

    /// <summary>Starts nodes that are all members.</summary>
    public static async Task<TestNode[]> StartAllAsync(int count, Action<ClusterOptions>? configure = null)
    {
        TestNode first = await StartAsync("n0", configure: configure);
        await first.Node.WhenMember;
        TestNode[] others = await Task.WhenAll(
            Enumerable.Range(1, count - 1).Select(n => StartAsync($"n{n}", [first.Seed], configure: configure)));
        foreach (TestNode node in others)
            await node.Node.WhenMember;
        return [first, .. others];
    }

    /// <summary>Whether the host was told to stop.</summary>
    public bool IsStopping => _host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested;

    /// <summary>What SIGTERM does.</summary>
    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Local.Release();
        await _host.StopAsync();
        _host.Dispose();
    }

    /// <summary>A port that nothing listens on.</summary>
    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
