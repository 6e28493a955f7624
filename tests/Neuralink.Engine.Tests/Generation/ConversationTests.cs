using Neuralink.Models.Sampling;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Generation;

/// <summary>A conversation runs only what is new of each turn, and its tokens are those of the whole text run from its beginning.</summary>
public sealed class ConversationTests(RandomImage image) : IClassFixture<RandomImage>
{
    private const int NewTokens = 4;

    [Theory]
    [InlineData(ExecutionStrategy.Serial, 1)]
    [InlineData(ExecutionStrategy.PrefetchCluster, 3)]
    public async Task Each_turn_is_what_it_is_without_the_keys_of_the_turns_before(ExecutionStrategy strategy, int chunkTokens)
    {
        await using NeuralinkEngine engine = await OpenAsync(strategy, chunkTokens);
        int[] text = image.Prompt;
        for (int turn = 0; turn < 3; turn++)
        {
            GenerationResult continued = await RunAsync(engine, text, isContinued: true);
            // The last token that was chosen has not been run.
            continued.ReusedTokens.Should().Be(turn == 0 ? 0 : text.Length - 3);
            await using NeuralinkEngine fresh = await OpenAsync(ExecutionStrategy.Serial, chunkTokens: 8);
            continued.Tokens.Should().Equal((await RunAsync(fresh, text, isContinued: false)).Tokens);
            text = [.. text, .. continued.Tokens, 5 + turn, 6];
        }
    }

    [Fact]
    public async Task What_differs_from_the_text_before_is_run_again()
    {
        await using NeuralinkEngine engine = await OpenAsync(ExecutionStrategy.Serial, chunkTokens: 4);
        int[] first = [.. image.Prompt, 1, 2, 3, 4], other = [.. image.Prompt, 1, 2, 9, 4, 7];
        await RunAsync(engine, first, isContinued: true);
        GenerationResult result = await RunAsync(engine, other, isContinued: true);
        result.ReusedTokens.Should().Be(image.Prompt.Length + 2);
        GenerationResult again = await RunAsync(engine, other, isContinued: true);
        again.ReusedTokens.Should().Be(other.Length - 1, "the last one's logits are wanted");
        again.Tokens.Should().Equal(result.Tokens);
        GenerationResult whole = await RunAsync(engine, other, isContinued: false);
        whole.ReusedTokens.Should().Be(0);
        whole.Tokens.Should().Equal(result.Tokens);
        (await RunAsync(engine, other, isContinued: true)).ReusedTokens.Should().Be(other.Length - 1, "another request takes nothing away");
    }

    [Fact]
    public async Task A_turn_that_is_stopped_leaves_what_it_has_run()
    {
        await using NeuralinkEngine engine = await OpenAsync(ExecutionStrategy.PrefetchCluster, chunkTokens: 3);
        GenerationRequest request =
            Request(image.Prompt, isContinued: true) with { MaxTokens = engine.ContextTokens - image.Prompt.Length };
        List<int> tokens = [.. image.Prompt];
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            if (happened is TokenGenerated token)
                tokens.Add(token.Id);
            if (tokens.Count == image.Prompt.Length + 3)
                break;
        }
        int[] next = [.. tokens, 5, 6];
        GenerationResult continued = await RunAsync(engine, next, isContinued: true);
        continued.ReusedTokens.Should().BeInRange(image.Prompt.Length, next.Length - 1);
        await using NeuralinkEngine fresh = await OpenAsync(ExecutionStrategy.Serial, chunkTokens: 8);
        continued.Tokens.Should().Equal((await RunAsync(fresh, next, isContinued: false)).Tokens);
    }

    private static GenerationRequest Request(int[] prompt, bool isContinued) => new()
    {
        Prompt = prompt,
        MaxTokens = NewTokens,
        Sampling = SamplingOptions.Greedy,
        IgnoreEndTokens = true,
        SharesPrefix = isContinued,
    };

    private static async Task<GenerationResult> RunAsync(NeuralinkEngine engine, int[] prompt, bool isContinued)
    {
        GenerationResult? result = null;
        await foreach (GenerationEvent happened in engine.GenerateAsync(Request(prompt, isContinued)))
            result = (happened as GenerationFinished)?.Result;
        return result!;
    }

    private Task<NeuralinkEngine> OpenAsync(ExecutionStrategy strategy, int chunkTokens) => NeuralinkEngine.OpenAsync(
        image.Folder, new EngineOptions { Threads = 2, Strategy = strategy, ChunkTokens = chunkTokens, Cache = CacheSize.OfShare(0.3) });
}
