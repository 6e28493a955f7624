using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Neuralink.Actors.Hosting;
using Neuralink.Engine.Tests.Pipeline;
using Neuralink.Tests.Support;
using Neuralink.Storage;

namespace Neuralink.Engine.Tests.Hosting;

/// <summary>An engine runs its actors in a system of its own, or in a host's.</summary>
public sealed class ActorHostingTests(RandomImage image) : IClassFixture<RandomImage>
{
    [Fact]
    public async Task Engines_in_a_hosts_actor_system_generate_and_leave_the_system_running_when_disposed()
    {
        ServiceCollection services = new();
        services.AddLogging();
        services.AddAkka("host", builder => builder.AddNeuralinkActors());
        await using ServiceProvider provider = services.BuildServiceProvider();
        ActorSystem system = provider.GetRequiredService<ActorSystem>();
        for (int i = 0; i < 2; i++)
        {
            await using NeuralinkEngine first = await NeuralinkEngine.OpenAsync(
                image.Folder, new EngineOptions { Threads = 1 }, system: system);
            await using NeuralinkEngine second = await NeuralinkEngine.OpenAsync(
                image.Folder, new EngineOptions { Threads = 1 }, system: system);
            var both = await Task.WhenAll(
                first.RunAsync(image.Prompt, RandomImage.NewTokens), second.RunAsync(image.Prompt, RandomImage.NewTokens));
            both.Should().OnlyContain(result => result.Tokens.SequenceEqual(image.Tokens));
        }
        system.WhenTerminated.IsCompleted.Should().BeFalse();
        await system.Terminate();
    }

    [Fact]
    public async Task A_job_fails_when_the_hosts_actor_system_ends_and_no_other_is_taken()
    {
        ActorSystem system = ActorHosting.NewSystem();
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            image.Folder, new EngineOptions { Threads = 1 }, system: system);
        await system.Terminate();
        await engine.Invoking(e => e.RunAsync(image.Prompt, 4)).Should().ThrowAsync<InvalidOperationException>()
            .WithMessage("*actor system has ended*");
    }

    [Fact]
    public async Task An_actor_system_without_the_dispatchers_is_refused_by_their_names()
    {
        using ActorSystem system = ActorSystem.Create("bare", "akka { loggers = [], stdout-loglevel = OFF }");
        Func<Task> open = () => NeuralinkEngine.OpenAsync(image.Folder, new EngineOptions(), system: system);
        await open.Should().ThrowAsync<NeuralinkException>().WithMessage("*bare*neuralink.compute-dispatcher*AddNeuralinkActors*");
    }
}
