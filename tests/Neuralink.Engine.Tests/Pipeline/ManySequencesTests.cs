using System.Collections.Concurrent;
using Neuralink.Models.Sampling;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>Many texts at once: each has the tokens that it has alone, whoever runs beside it and whatever happens to them.</summary>
public sealed class ManySequencesTests(RandomImage image) : IClassFixture<RandomImage>
{
    private static readonly int[] s_sequences = [1, 2, 5, 8], s_chunks = [1, 5, 32];

    public static TheoryData<ExecutionStrategy, int, int, bool, bool> Setups()
    {
        TheoryData<ExecutionStrategy, int, int, bool, bool> data = [];
        int row = 0;
        foreach (ExecutionStrategy strategy in TokenStrategies.OverAnyOrder)
        {
            foreach (int sequences in s_sequences)
                data.Add(strategy, sequences, s_chunks[row % 3], row % 2 == 0, ++row % 4 < 2);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Texts_that_run_together_have_the_tokens_they_have_alone(
        ExecutionStrategy strategy, int sequences, int chunkTokens, bool isScarce, bool sharesPrefix)
    {
        EngineOptions options = Options(strategy, sequences, chunkTokens) with { KvTokens = isScarce ? ContextTokens : null };
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, options);
        ShouldBeIdle(engine);
        GenerationRequest[] requests = [.. Requests().Select(request => request with { SharesPrefix = sharesPrefix })];
        GenerationResult[] results = await RunTogetherAsync(engine, [.. requests, .. requests]);
        await ShouldBeAsAloneAsync(requests, [.. results.Take(requests.Length)], PredictorOptions.Exact);
        results.Skip(requests.Length).Select(r => r.Text).Should().Equal(results.Take(requests.Length).Select(r => r.Text));
        ShouldBeIdle(engine);
    }

    [Theory]
    [InlineData(2, -1f)]
    [InlineData(3, 0f)]
    [InlineData(4, 0.5f)]
    public async Task An_approximate_predictor_leaves_out_of_a_text_what_it_leaves_out_alone(int bits, float margin)
    {
        PredictorOptions sketch = new() { Kind = PredictorKind.Sketch, Bits = bits, Margin = margin };
        foreach (int chunkTokens in s_chunks)
        {
            await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
                image.Folder, Options(ExecutionStrategy.Cluster, 5, chunkTokens) with { Predictor = sketch });
            GenerationRequest[] requests = Requests();
            await ShouldBeAsAloneAsync(requests, await RunTogetherAsync(engine, requests), sketch);
        }
    }

    [Fact]
    public async Task What_texts_are_charged_adds_up_to_what_was_read()
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            image.Folder, Options(ExecutionStrategy.Cluster, 4, 8) with { WarmUp = WarmUpMode.None });
        GenerationResult[] results = await RunTogetherAsync(engine, Requests());
        EngineTotals totals = engine.Totals;
        results.Sum(r => r.Io.BytesRead).Should().Be(totals.Io.BytesRead);
        results.Sum(r => r.Io.Reads).Should().Be(totals.Io.Reads);
        results.Sum(r => r.Io.DemandMisses).Should().Be(totals.Io.DemandMisses);
        (totals.Finished, totals.Failed, totals.Cancelled).Should().Be((results.Length, 0, 0));
        totals.GeneratedTokens.Should().Be(results.Sum(r => r.Tokens.Count));
        totals.PromptTokens.Should().Be(results.Sum(r => r.PromptTokens));
    }

    [Fact]
    public async Task A_read_that_cannot_be_done_ends_those_texts_that_need_it_and_no_others()
    {
        GenerationRequest[] requests = Requests();
        List<Outcome> alone = [];
        long broken = await OffsetThatSomeNeedAsync(requests);
        await using FaultyEngine single = await OpenBrokenAsync(broken, sequences: 1);
        foreach (GenerationRequest request in requests)
            alone.Add(await OutcomeAsync(single.Engine, request));
        alone.Should().Contain(o => o.Failed).And.Contain(o => !o.Failed, "or the test says nothing");
        await using FaultyEngine together = await OpenBrokenAsync(broken, sequences: 8);
        Outcome[] outcomes = await Task.WhenAll(requests.Select(request => OutcomeAsync(together.Engine, request)));
        outcomes.Select(o => (o.Failed, o.Tokens)).Should().Equal(alone.Select(o => (o.Failed, o.Tokens)));
        ShouldBeIdle(together.Engine);
    }

    [Fact]
    public async Task A_reader_that_does_not_read_pauses_its_own_text_alone()
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, Options(ExecutionStrategy.Cluster, 1, 8));
        int tokens = Math.Min(engine.ContextTokens - 4, GenerationJob.UnreadMax * 2);
        GenerationRequest slow = Request(image.Prompt[..2], tokens);
        await using IAsyncEnumerator<GenerationEvent> reader = engine.GenerateAsync(slow).GetAsyncEnumerator();
        (await reader.MoveNextAsync()).Should().BeTrue();
        using (CancellationTokenSource hangs = new(FaultyEngine.Hangs))
        {
            while (engine.Status.Paused == 0)
                await Task.Delay(5, hangs.Token);
        }
        GenerationResult other = await RunAsync(engine, Request(image.Prompt, 4)).WaitAsync(FaultyEngine.Hangs);
        other.Tokens.Should().HaveCount(4);
        List<int> read = [((TokenGenerated)reader.Current).Id];
        while (await reader.MoveNextAsync())
        {
            if (reader.Current is TokenGenerated token)
                read.Add(token.Id);
        }
        await ShouldBeAsAloneAsync([slow], read);
        engine.Status.Should().Match<EngineStatus>(s => s.Running == 0 && s.Paused == 0 && s.KvBlocksFree == s.KvBlocks);
    }

    [Fact]
    public async Task More_than_may_wait_are_refused()
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            image.Folder, Options(ExecutionStrategy.Cluster, 1, 8) with { WaitingMax = 1 });
        await using IAsyncEnumerator<GenerationEvent> first = engine.GenerateAsync(Request(image.Prompt, 8)).GetAsyncEnumerator();
        await first.MoveNextAsync();
        Task<GenerationResult> second = RunAsync(engine, Request(image.Prompt, 8));
        EngineBusyException busy = (await engine.Invoking(e => RunAsync(e, Request(image.Prompt, 8))).Should()
            .ThrowAsync<EngineBusyException>()).Which;
        busy.Jobs.Should().Be(2);
        while (await first.MoveNextAsync())
        {
        }
        (await second).Tokens.Should().HaveCount(8);
        (await RunAsync(engine, Request(image.Prompt, 8))).Tokens.Should().HaveCount(8);
    }

    [Fact]
    public async Task A_text_that_is_late_ends_with_its_deadline_and_those_beside_it_go_on()
    {
        TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
            image, (number, _) => number == 4 && held.TrySetResult() ? new FlashFault.Hold() : null);
        Task<GenerationResult> running = faulty.RunAsync();
        await held.Task.WaitAsync(FaultyEngine.Hangs);
        GenerationRequest late = Request(image.Prompt, 8) with { Deadline = TimeSpan.FromMilliseconds(20) };
        DeadlineExceededException error = (await faulty.Engine.Invoking(e => RunAsync(e, late)).Should()
            .ThrowAsync<DeadlineExceededException>()).Which;
        error.Deadline.Should().Be(late.Deadline!.Value);
        error.Message.Should().Contain("0.02 s");
        while (!running.IsCompleted)
        {
            faulty.Device.Release();
            await Task.Delay(1);
        }
        (await running).Tokens.Should().Equal(image.Tokens);
    }

    [Fact]
    public async Task Texts_that_are_cancelled_at_any_moment_harm_nobody()
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, Options(ExecutionStrategy.Prefetch, 4, 5));
        GenerationRequest[] requests = Requests();
        for (int round = 0; round < 10; round++)
        {
            int tokensMax = round;
            Task[] cancelled = [.. requests.Take(3).Select(request => ReadSomeAsync(engine, request, tokensMax % 4))];
            GenerationResult[] results = await RunTogetherAsync(engine, requests[3..]);
            await Task.WhenAll(cancelled).WaitAsync(FaultyEngine.Hangs);
            await ShouldBeAsAloneAsync(requests[3..], results, PredictorOptions.Exact);
        }
        ShouldBeIdle(engine);
    }

    [Fact]
    public async Task A_long_prompt_delays_no_token_of_the_others_by_more_than_a_pass()
    {
        const int Decoding = 4, ChunkTokens = 8;
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            image.Folder, Options(ExecutionStrategy.Cluster, Decoding + 1, ChunkTokens));
        List<PassMetrics> passes = [];
        IAsyncEnumerator<GenerationEvent>[] texts =
        [
            .. Enumerable.Range(0, Decoding).Select(i => engine.GenerateAsync(Request([i + 1], 60)).GetAsyncEnumerator())
        ];
        foreach (IAsyncEnumerator<GenerationEvent> text in texts)
            await text.MoveNextAsync();
        using (engine.ObservePasses(passes.Add))
            await RunAsync(engine, Request([.. image.Prompt, .. image.Prompt], 1)).WaitAsync(FaultyEngine.Hangs);
        foreach (IAsyncEnumerator<GenerationEvent> text in texts)
            await text.DisposeAsync();
        PassMetrics[] ofPrompt = [.. passes.Where(pass => pass.PromptRows > 0)];
        ofPrompt.Length.Should().BeInRange(2 * image.Prompt.Length / ChunkTokens, 2 * image.Prompt.Length);
        ofPrompt.Should().OnlyContain(pass => pass.DecodeRows == Decoding && pass.PromptRows <= ChunkTokens - Decoding);
        passes.Select(pass => pass.Number).Should().BeInAscendingOrder();
        passes[0].Layers.Should().HaveCount(engine.Model.LayerCount);
    }

    [Fact]
    public async Task A_later_text_takes_over_what_an_earlier_one_computed()
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, Options(ExecutionStrategy.Cluster, 4, 5));
        GenerationRequest first = Request([.. image.Prompt, .. image.Prompt], 4) with { SharesPrefix = true };
        await RunAsync(engine, first);
        GenerationRequest[] later =
        [
            .. Enumerable.Range(1, 3).Select(i => first with { Prompt = (int[])[.. image.Prompt, .. image.Prompt, i] })
        ];
        GenerationResult[] results = await RunTogetherAsync(engine, later);
        results.Should().OnlyContain(r => r.ReusedTokens == 2 * image.Prompt.Length);
        await ShouldBeAsAloneAsync(later, results, PredictorOptions.Exact);
        engine.Status.KvBlocksKept.Should().BePositive();
    }

    private int ContextTokens => 96;

    private static async Task ReadSomeAsync(NeuralinkEngine engine, GenerationRequest request, int tokens)
    {
        await foreach (GenerationEvent _ in engine.GenerateAsync(request))
        {
            if (tokens-- == 0)
                break;
        }
    }

    private static async Task<Outcome> OutcomeAsync(NeuralinkEngine engine, GenerationRequest request)
    {
        List<int> tokens = [];
        try
        {
            await foreach (GenerationEvent happened in engine.GenerateAsync(request))
            {
                if (happened is TokenGenerated token)
                    tokens.Add(token.Id);
            }
            return new Outcome(Failed: false, string.Join(' ', tokens));
        }
        catch (NeuralinkException)
        {
            return new Outcome(Failed: true, string.Join(' ', tokens));
        }
    }

    private static Task<GenerationResult[]> RunTogetherAsync(NeuralinkEngine engine, GenerationRequest[] requests) =>
        Task.WhenAll(requests.Select(request => RunAsync(engine, request))).WaitAsync(FaultyEngine.Hangs);

    private static async Task<GenerationResult> RunAsync(NeuralinkEngine engine, GenerationRequest request)
    {
        GenerationResult? result = null;
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
            result = (happened as GenerationFinished)?.Result;
        return result!;
    }

    private static GenerationRequest Request(int[] prompt, int tokens) => new()
    {
        Prompt = prompt,
        MaxTokens = tokens,
        Sampling = SamplingOptions.Greedy,
        IgnoreEndTokens = true,
    };

    private static void ShouldBeIdle(NeuralinkEngine engine)
    {
        engine.LeaseCount.Should().Be(0);
        engine.CacheState.CheckInvariants();
        EngineStatus status = engine.Status;
        (status.Running, status.Waiting, status.Paused).Should().Be((0, 0, 0));
        (status.KvBlocksFree + status.KvBlocksKept).Should().Be(status.KvBlocks);
    }

    /// <summary>Prompts of many lengths; a few begin alike, and some are sampled.</summary>
    private GenerationRequest[] Requests() =>
    [
        .. Enumerable.Range(0, 7).Select(i => Request([.. image.Prompt[..(1 + (i * 3))], i, .. image.Prompt[..(i * 3)]], 3 + (2 * i)) with
        {
            Sampling = i % 2 == 0 ? SamplingOptions.Greedy : new SamplingOptions { Temperature = 0.8f, Seed = (ulong)i },
        })
    ];

    private EngineOptions Options(ExecutionStrategy strategy, int sequences, int chunkTokens) => new()
    {
        Strategy = strategy,
        SequencesMax = sequences,
        ChunkTokens = chunkTokens,
        ContextTokens = ContextTokens,
        Threads = 2,
        Cache = CacheSize.OfShare(0.1),
    };

    private async Task ShouldBeAsAloneAsync(GenerationRequest[] requests, GenerationResult[] results, PredictorOptions predictor)
    {
        await using NeuralinkEngine alone = await NeuralinkEngine.OpenAsync(
            image.Folder, Options(ExecutionStrategy.Serial, 1, 1) with { Predictor = predictor });
        for (int i = 0; i < requests.Length; i++)
            results[i].Tokens.Should().Equal((await RunAsync(alone, requests[i] with { SharesPrefix = false })).Tokens, $"of request {i}");
    }

    private async Task ShouldBeAsAloneAsync(GenerationRequest[] requests, List<int> tokens)
    {
        await using NeuralinkEngine alone = await NeuralinkEngine.OpenAsync(image.Folder, Options(ExecutionStrategy.Serial, 1, 1));
        tokens.Should().Equal((await RunAsync(alone, requests[0])).Tokens);
    }

    private Task<FaultyEngine> OpenBrokenAsync(long offset, int sequences) => FaultyEngine.OpenAsync(
        image,
        (_, read) => read.OffsetBytes <= offset && offset < read.OffsetBytes + read.LengthBytes ? new FlashFault.Fail() : null,
        ExecutionStrategy.Serial,
        options => options with { SequencesMax = sequences, ReadAttemptsMax = 1, WarmUp = WarmUpMode.None });

    /// <summary>Where on flash something lies that some of the texts read and others do not.</summary>
    private async Task<long> OffsetThatSomeNeedAsync(GenerationRequest[] requests)
    {
        Dictionary<long, int> readers = [];
        foreach (GenerationRequest request in requests)
        {
            ConcurrentDictionary<long, int> reads = [];
            await using FaultyEngine faulty = await FaultyEngine.OpenAsync(
                image,
                (_, read) =>
                {
                    reads.TryAdd(read.OffsetBytes, 0);
                    return null;
                },
                ExecutionStrategy.Serial, options => options with { WarmUp = WarmUpMode.None });
            await RunAsync(faulty.Engine, request);
            foreach (long offset in reads.Keys)
                readers[offset] = readers.GetValueOrDefault(offset) + 1;
        }
        return readers.OrderBy(r => Math.Abs(r.Value - (requests.Length / 2))).ThenBy(r => r.Key).First().Key;
    }

    private sealed record Outcome(bool Failed, string Tokens);
}
