using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>
/// The bundled model through pack and pipeline gives what an independent implementation computed, however the engine is set up.
/// </summary>
public sealed class BundledModelTests(BundledModelTests.Model model) : IClassFixture<BundledModelTests.Model>
{
    // Of the first text, unless the setup is worth all of it, and of the second in the same engine, whose cache the first has filled.
    private const int ShortTokens = 14, AgainTokens = 8, AgainLongTokens = 24;

    [Fact]
    public async Task Greedy_tokens_are_those_of_the_independent_implementation()
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(model.Images.Source.Folder, new EngineOptions());
        foreach (GreedyReference expected in BundledModel.Greedy)
            await CheckAsync(engine, expected, expected.NewIds.Length);
    }

    [Theory]
    [TokenSetups]
    public async Task No_setup_changes_a_token(int number, string what)
    {
        TokenSetup setup = TokenMatrix.Setups[number];
        setup.ToString().Should().Be(what);
        int text = number % BundledModel.Greedy.Count, next = setup.KnowsOneText ? text : (text + 1) % BundledModel.Greedy.Count;
        await using NeuralinkEngine engine = await setup.OpenAsync(model.Images, text);
        bool isLong = TokenMatrix.Long.Contains(number);
        await CheckAsync(engine, BundledModel.Greedy[text], isLong ? BundledModel.Greedy[text].NewIds.Length : ShortTokens);
        await CheckAsync(engine, BundledModel.Greedy[next], isLong ? AgainLongTokens : AgainTokens);
    }

    private static async Task CheckAsync(NeuralinkEngine engine, GreedyReference expected, int count)
    {
        GenerationResult result = await engine.RunAsync(expected.PromptIds, count).WaitAsync(FaultyEngine.Hangs);
        result.Tokens.Should().Equal(expected.NewIds[..count], "of the prompt {0}", expected.Prompt);
        engine.LeaseCount.Should().Be(0);
        engine.CacheState.CheckInvariants();
    }

    public sealed class Model : IDisposable
    {
        public ModelArrangements Images { get; } =
            new(BundledModel.Folder, [.. BundledModel.Greedy.Select(g => (int[])[.. g.PromptIds, .. g.NewIds])], TokenMatrix.Placed);

        public void Dispose() => Images.Dispose();
    }
}
