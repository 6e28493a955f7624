using System.Collections.Concurrent;
using Neuralink.Models.Sampling;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>A generation can be ended at any moment; nothing of it stays, and the next one is right.</summary>
public sealed class CancellationTests(RandomImage image) : IClassFixture<RandomImage>
{
    [Theory]
    [InlineData(ExecutionStrategy.Serial)]
    [InlineData(ExecutionStrategy.Prefetch)]
    [InlineData(ExecutionStrategy.PrefetchCluster)]
    public async Task Cancelled_while_any_read_is_held(ExecutionStrategy strategy)
    {
        for (int heldFrom = 0; heldFrom < 120; heldFrom += 11)
        {
            TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
            long from = heldFrom, to = heldFrom + 3, number = 0;
            await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
                image,
                (_, _) =>
                {
                    long n = number++;
                    if (n < from || n >= to)
                        return null;
                    held.TrySetResult();
                    return new FlashFault.Hold();
                },
                strategy, chunkTokens: 5);
            using CancellationTokenSource cancel = new();
            Task<GenerationResult> running = faulty.RunAsync(cancel.Token);
            await held.Task.WaitAsync(FaultyEngine.Hangs);
            await cancel.CancelAsync();
            to = 0;
            await ReleaseUntilDoneAsync(faulty, running);
            await running.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>($"it was cancelled at read {heldFrom}");
            faulty.ShouldBeIdle();
            await faulty.ShouldWorkAsync($"cancelled at read {heldFrom}");
        }
    }

    [Fact]
    public async Task A_cancelled_generation_ends_only_when_its_reads_are_back()
    {
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (number, _) => number == 4 && held.TrySetResult() ? new FlashFault.Hold() : null);
        using CancellationTokenSource cancel = new();
        Task<GenerationResult> running = faulty.RunAsync(cancel.Token);
        await held.Task.WaitAsync(FaultyEngine.Hangs);
        await cancel.CancelAsync();
        running.IsCompleted.Should().BeFalse("a device may still write into its frames");
        await ReleaseUntilDoneAsync(faulty, running);
        faulty.ShouldBeIdle();
        await faulty.ShouldWorkAsync();
    }

    [Theory]
    [InlineData(ExecutionStrategy.Serial)]
    [InlineData(ExecutionStrategy.Prefetch)]
    [InlineData(ExecutionStrategy.PrefetchCluster)]
    public async Task Cancelled_after_each_token_in_turn(ExecutionStrategy strategy)
    {
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(image, (_, _) => null, strategy);
        // The engine does not wait for its listener: a text as long as the context is far from its end when it is cancelled.
        GenerationRequest request = Request() with { MaxTokens = faulty.Engine.ContextTokens - image.Prompt.Length };
        for (int after = 0; after < RandomImage.NewTokens; after++)
        {
            using CancellationTokenSource cancel = new();
            List<int> tokens = [];
            Func<Task> generate = async () =>
            {
                if (after == 0)
                    await cancel.CancelAsync();
                await foreach (GenerationEvent happened in faulty.Engine.GenerateAsync(request, cancel.Token))
                {
                    if (happened is TokenGenerated token)
                        tokens.Add(token.Id);
                    if (tokens.Count == after)
                        await cancel.CancelAsync();
                }
            };
            await ((Func<Task>)(() => generate().WaitAsync(FaultyEngine.Hangs))).Should().ThrowAsync<OperationCanceledException>();
            tokens.Take(RandomImage.NewTokens).Should().Equal(image.Tokens.Take(tokens.Count));
            faulty.ShouldBeIdle();
        }
        await faulty.ShouldWorkAsync();
    }

    [Fact]
    public async Task Whoever_stops_listening_ends_the_generation()
    {
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(image, (_, _) => null);
        await foreach (GenerationEvent _ in faulty.Engine.GenerateAsync(Request()))
            break;
        faulty.ShouldBeIdle();
        await faulty.ShouldWorkAsync();
    }

    [Fact]
    public async Task Cancelled_at_random_moments_many_times()
    {
        // Every seventh read fails, but none twice running: three times in a row would rightly fail the generation.
        ConcurrentDictionary<long, bool> failed = new();
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (number, read) =>
                !failed.TryRemove(read.OffsetBytes, out _) && number % 7 == 0 && failed.TryAdd(read.OffsetBytes, true)
                    ? new FlashFault.Fail()
                    : null,
            chunkTokens: 3);
        for (int round = 0; round < 60; round++)
        {
            using CancellationTokenSource cancel = new();
            Task<GenerationResult> running = faulty.RunAsync(cancel.Token);
            for (int spin = 0; spin < round * 40; spin++)
                await Task.Yield();
            await cancel.CancelAsync();
            try
            {
                (await running).Tokens.Should().Equal(image.Tokens, "it was complete before it was cancelled");
            }
            catch (OperationCanceledException)
            {
                // As asked.
            }
            faulty.ShouldBeIdle();
        }
        await faulty.ShouldWorkAsync();
    }

    [Fact]
    public async Task A_score_can_be_cancelled()
    {
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (number, _) => number == 5 && held.TrySetResult() ? new FlashFault.Hold() : null);
        using CancellationTokenSource cancel = new();
        Task<ScoreResult> running = faulty.Engine.ScoreAsync(image.Prompt, cancel.Token)
            .WaitAsync(FaultyEngine.Hangs, CancellationToken.None);
        await held.Task.WaitAsync(FaultyEngine.Hangs);
        await cancel.CancelAsync();
        await ReleaseUntilDoneAsync(faulty, running);
        await running.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        faulty.ShouldBeIdle();
        await faulty.ShouldWorkAsync();
    }

    [Fact]
    public async Task A_second_generation_at_the_same_time_waits_and_neither_is_harmed()
    {
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (number, _) => number == 4 && held.TrySetResult() ? new FlashFault.Hold() : null);
        Task<GenerationResult> first = faulty.RunAsync();
        await held.Task.WaitAsync(FaultyEngine.Hangs);
        Task<GenerationResult> second = faulty.RunAsync();
        second.IsCompleted.Should().BeFalse();
        await ReleaseUntilDoneAsync(faulty, first);
        (await first).Tokens.Should().Equal(image.Tokens);
        (await second).Tokens.Should().Equal(image.Tokens);
        await faulty.ShouldWorkAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(40)]
    public async Task Disposal_ends_a_running_generation(long heldRead)
    {
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (number, _) => number >= heldRead && held.TrySetResult() ? new FlashFault.Hold() : null);
        Task<GenerationResult> running = faulty.RunAsync();
        await held.Task.WaitAsync(FaultyEngine.Hangs);
        await faulty.Engine.DisposeAsync().AsTask().WaitAsync(FaultyEngine.Hangs);
        await running.Invoking(r => r).Should().ThrowAsync<ObjectDisposedException>();
        await faulty.Invoking(f => f.RunAsync()).Should().ThrowAsync<ObjectDisposedException>();
        await faulty.Engine.DisposeAsync();
    }

    [Fact]
    public async Task Prompts_that_cannot_be_run_are_refused_in_one_line_and_leave_the_engine_idle()
    {
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(image, (_, _) => null);
        int context = faulty.Engine.ContextTokens, vocabulary = faulty.Engine.Model.VocabularySize;
        await ShouldRefuse([], 1, "*at least 1 token*empty*");
        await ShouldRefuse(new int[context + 1], 0, $"*context of {context}*{context + 1}*");
        await ShouldRefuse(new int[context], 1, $"*context of {context}*{context} + 1*");
        await ShouldRefuse([1], int.MaxValue, $"*context of {context}*");
        await ShouldRefuse([1], -1, $"*context of {context}*");
        await ShouldRefuse([1, vocabulary], 1, $"*0 to {vocabulary - 1}*{vocabulary}*");
        await ShouldRefuse([-1], 1, $"*0 to {vocabulary - 1}*-1*");
        await faulty.Engine.Invoking(e => e.ScoreAsync(new int[] { 1 })).Should().ThrowAsync<NeuralinkException>()
            .WithMessage("*at least 2 tokens*1*");
        await faulty.Engine.Invoking(e => e.ScoreAsync(new int[] { 1, vocabulary })).Should().ThrowAsync<NeuralinkException>()
            .WithMessage($"*{vocabulary}*");
        (await faulty.Engine.RunAsync(new int[context - 1], 1)).Tokens.Should().HaveCount(1, "that fits exactly");
        await faulty.ShouldWorkAsync();

        async Task ShouldRefuse(int[] prompt, int count, string message)
        {
            var thrown = await faulty.Engine.Invoking(e => e.RunAsync(prompt, count)).Should().ThrowAsync<NeuralinkException>();
            thrown.WithMessage(message).Which.Message.Should().NotContain("\n");
            faulty.ShouldBeIdle();
        }
    }

    private GenerationRequest Request() =>
        new() { Prompt = image.Prompt, MaxTokens = RandomImage.NewTokens, Sampling = SamplingOptions.Greedy, IgnoreEndTokens = true };

    /// <summary>Reads can be held after the first release: they had been submitted but not completed.</summary>
    private static async Task ReleaseUntilDoneAsync(FaultyEngine faulty, Task running)
    {
        while (!running.IsCompleted)
        {
            faulty.Device.Release();
            await Task.Yield();
        }
    }
}
