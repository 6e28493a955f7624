using Akka.Actor;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Compute;
using Neuralink.Placement;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>
/// An exception in an actor ends its job; the actors start anew when no read is in flight any more, and the next job is right.
/// </summary>
public sealed class RestartTests(RandomImage image) : IClassFixture<RandomImage>
{
    [Fact]
    public async Task The_running_job_fails_with_the_exception_and_the_next_one_is_right()
    {
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(image, (_, _) => null);
        for (int i = 0; i < 3; i++)
        {
            await using IAsyncEnumerator<GenerationEvent> events = faulty.Engine.GenerateAsync(
                new GenerationRequest { Prompt = image.Prompt, MaxTokens = RandomImage.NewTokens }).GetAsyncEnumerator();
            (await events.MoveNextAsync()).Should().BeTrue();
            Break(faulty.Engine);
            Func<Task> rest = async () =>
            {
                while (await events.MoveNextAsync())
                {
                }
            };
            // It may have been through before the actor broke.
            if (await Record.ExceptionAsync(rest) is { } error)
                error.Should().BeOfType<NullReferenceException>();
            await events.DisposeAsync();
            await faulty.ShouldWorkAsync($"it is start {i + 2}");
        }
    }

    [Fact]
    public async Task A_job_after_it_waits_until_the_reads_of_the_job_before_are_back()
    {
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (number, _) => number == 4 && held.TrySetResult() ? new FlashFault.Hold() : null);
        Task<GenerationResult> broken = faulty.RunAsync();
        await held.Task.WaitAsync(FaultyEngine.Hangs);
        Break(faulty.Engine);
        await broken.Invoking(b => b).Should().ThrowAsync<NullReferenceException>();
        Task<GenerationResult> next = faulty.RunAsync();
        await Task.Delay(50);
        next.IsCompleted.Should().BeFalse("a device may still write into the frames");
        faulty.Device.Release();
        (await next).Tokens.Should().Equal(image.Tokens);
        faulty.ShouldBeIdle();
    }

    [Theory]
    [InlineData("io")]
    [InlineData("cache")]
    [InlineData("generation")]
    public async Task An_actor_that_ends_by_itself_is_started_anew_with_all_others(string actor)
    {
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(image, (_, _) => null);
        IActorRef before = await ResolveAsync(faulty.Engine, actor);
        before.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        // The next job is not to be the one that is lost.
        while ((await ResolveAsync(faulty.Engine, actor)).Equals(before))
            await Task.Delay(1);
        await faulty.ShouldWorkAsync("all actors are there again");
    }

    private static async Task<IActorRef> ResolveAsync(NeuralinkEngine engine, string actor)
    {
        for (ActorSelection selection = engine.ActorSystem.ActorSelection(engine.Pipeline.Path / actor); ; await Task.Delay(1))
        {
            try
            {
                return await selection.ResolveOne(FaultyEngine.Hangs);
            }
            catch (ActorNotFoundException)
            {
                // It is just being started.
            }
        }
    }

    /// <summary>Sends the Cache what no actor ever sends.</summary>
    private static void Break(NeuralinkEngine engine) =>
        engine.ActorSystem.ActorSelection(engine.Pipeline.Path / "cache").Tell(
            new PredictionProtocol.Needed(new PassId(0), new LayerIndex(0), null!), ActorRefs.NoSender);
}
