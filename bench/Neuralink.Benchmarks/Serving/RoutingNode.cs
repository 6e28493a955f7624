using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Neuralink.Hosting;
using Neuralink.Hosting.Cluster;

namespace Neuralink.Benchmarks.Serving;

/// <summary>A node of a cluster on loopback, with a model of its own.</summary>
internal sealed class RoutingNode : IAsyncDisposable
{
    private readonly IHost _host;

    private RoutingNode(IHost host, StampingEngine local, string address)
    {
        _host = host;
        Local = local;
        Address = address;
    }

    /// <summary>Where others join it, HOST:PORT.</summary>
    public string Address { get; }

    /// <summary>The node's own engine, past the cluster.</summary>
    public StampingEngine Local { get; }

    /// <summary>The cluster's.</summary>
    public INeuralinkEngine Engine => _host.Services.GetRequiredService<INeuralinkEngine>();

    /// <summary>Starts a node and waits until it is a member.</summary>
    public static async Task<RoutingNode> StartAsync(string model, string? seed)
    {
        int port = FreePort();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(l => l.SetMinimumLevel(LogLevel.None));
        builder.Services.AddNeuralink(o =>
        {
            (o.Model, o.Threads, o.Context) = (model, 1, 512);
            o.PackFolder = Path.Combine(Path.GetTempPath(), "neuralink-routing");
        });
        ServiceDescriptor engine = builder.Services.Last(s => s.ServiceType == typeof(INeuralinkEngine));
        builder.Services.Remove(engine);
        builder.Services.AddSingleton(services => new StampingEngine((INeuralinkEngine)engine.ImplementationFactory!(services)));
        builder.Services.AddSingleton<INeuralinkEngine>(services => services.GetRequiredService<StampingEngine>());
        builder.Services.AddNeuralinkCluster(o => (o.Port, o.Seeds) = (port, seed is null ? [] : [seed]));
        IHost host = builder.Build();
        await host.StartAsync();
        RoutingNode node = new(host, host.Services.GetRequiredService<StampingEngine>(), $"127.0.0.1:{port}");
        await node.Engine.WhenReady;
        while (!node.Engine.IsReady)
            await Task.Delay(50);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>Notes when a token left the engine.</summary>
internal sealed class StampingEngine(INeuralinkEngine engine) : INeuralinkEngine
{
    private readonly List<long> _stamps = [];

    public string ModelName => engine.ModelName;

    public bool IsReady => engine.IsReady;

    public Task<NeuralinkEngine> WhenReady => engine.WhenReady;

    /// <summary>The times since the last call.</summary>
    public IReadOnlyList<long> TakeStamps()
    {
        lock (_stamps)
        {
            long[] taken = [.. _stamps];
            _stamps.Clear();
            return taken;
        }
    }

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (GenerationEvent happened in engine.GenerateAsync(request, cancellation))
        {
            if (happened is TokenGenerated)
            {
                lock (_stamps)
                    _stamps.Add(Stopwatch.GetTimestamp());
            }
            yield return happened;
        }
    }
}
