using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Neuralink.Models.Sampling;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Hosting.Tests;

/// <summary>The engine begins and ends with its host.</summary>
public sealed class EngineServiceTests(RandomImage image) : IClassFixture<RandomImage>
{
    [Fact]
    public async Task It_opens_with_the_host_generates_and_ends_with_it()
    {
        using IHost host = Host(o => o.Model = image.Folder);
        INeuralinkEngine engine = host.Services.GetRequiredService<INeuralinkEngine>();
        engine.IsReady.Should().BeFalse();
        await engine.Invoking(RunAsync).Should().ThrowAsync<InvalidOperationException>().WithMessage("*not started*");
        await host.StartAsync();
        NeuralinkEngine local = await engine.WhenReady;
        engine.IsReady.Should().BeTrue();
        (await RunAsync(engine)).Should().Equal(image.Tokens);
        await host.StopAsync();
        engine.IsReady.Should().BeFalse();
        await local.Invoking(e => e.ScoreAsync(image.Prompt)).Should().ThrowAsync<ObjectDisposedException>();
        host.Services.GetRequiredService<ActorSystem>().WhenTerminated.IsCompleted.Should().BeTrue();
    }

    [Fact]
    public async Task It_runs_in_the_actor_system_that_the_host_has()
    {
        using IHost host = Host(
            o => o.Model = image.Folder, services => services.AddAkka("own", builder => builder.AddNeuralinkActors()));
        await host.StartAsync();
        INeuralinkEngine engine = host.Services.GetRequiredService<INeuralinkEngine>();
        (await RunAsync(engine)).Should().Equal(image.Tokens);
        host.Services.GetRequiredService<ActorSystem>().Name.Should().Be("own");
        await host.StopAsync();
    }

    [Fact]
    public async Task An_actor_system_of_the_host_without_the_engines_dispatchers_ends_it_with_what_to_do()
    {
        using IHost host = Host(o => o.Model = image.Folder, services => services.AddAkka("own", _ => { }));
        await host.Invoking(h => h.RunAsync()).Should().ThrowAsync<NeuralinkException>().WithMessage("*AddNeuralinkActors*");
    }

    [Fact]
    public async Task A_model_that_cannot_be_opened_ends_the_host_with_the_error()
    {
        using IHost host = Host(o => o.Model = "/nonexistent/model");
        await host.Invoking(h => h.RunAsync()).Should().ThrowAsync<NeuralinkException>()
            .WithMessage("*/nonexistent/model*no such folder*");
    }

    [Fact]
    public async Task Or_the_host_lives_on_and_says_why_where_it_wishes_so()
    {
        using IHost host = Host(o => (o.Model, o.StopHostOnFailure) = ("/nonexistent/model", false));
        await host.StartAsync();
        INeuralinkEngine engine = host.Services.GetRequiredService<INeuralinkEngine>();
        await engine.Invoking(RunAsync).Should().ThrowAsync<NeuralinkException>().WithMessage("*/nonexistent/model*");
        engine.IsReady.Should().BeFalse();
        await host.StopAsync();
    }

    [Fact]
    public async Task A_host_that_stops_while_the_model_opens_does_not_wait_for_it()
    {
        using IHost host = Host(o => o.Model = image.Folder);
        await host.StartAsync();
        await host.StopAsync();
        host.Services.GetRequiredService<INeuralinkEngine>().WhenReady.IsCompleted.Should().BeTrue();
    }

    [Fact]
    public async Task Wrong_options_end_the_host_before_anything_is_opened()
    {
        using IHost host = Host(o => o.Threads = 0);
        await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<Microsoft.Extensions.Options.OptionsValidationException>()
            .WithMessage("*Neuralink:Model*threads*");
    }

    private static IHost Host(Action<NeuralinkOptions> configure, Action<IServiceCollection>? services = null)
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        services?.Invoke(builder.Services);
        builder.Services.AddNeuralink(configure);
        return builder.Build();
    }

    private async Task<IReadOnlyList<int>> RunAsync(INeuralinkEngine engine)
    {
        GenerationRequest request = new()
        {
            Prompt = image.Prompt,
            MaxTokens = RandomImage.NewTokens,
            Sampling = SamplingOptions.Greedy,
            IgnoreEndTokens = true,
        };
        List<int> tokens = [];
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            if (happened is TokenGenerated token)
                tokens.Add(token.Id);
        }
        return tokens;
    }
}
