using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>
/// The setups of <see cref="TokenMatrix"/>, over the model of one family or the other: the same tokens, and scores equal to the bit. The
/// family is a dimension of the matrix, so either meets every value of the others.
/// </summary>
public sealed class RandomMatrixTests
{
    private const int PromptTokens = 21, NewTokens = 6;

    [Theory]
    [InlineData("llama-relu")]
    [InlineData("opt")]
    public async Task No_setup_changes_a_token_or_a_bit_of_a_score(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        int[] prompt, tokens;
        using (DenseOracle dense = new(model.Folder))
            (prompt, tokens) = dense.Clear(PromptTokens, NewTokens, marginMin: 0.03f);
        int[] whole = [.. prompt, .. tokens];
        using ModelArrangements images = new(model.Folder, [whole], TokenMatrix.Placed);
        double? score = null;
        foreach (TokenSetup setup in TokenMatrix.Setups.Where(setup => setup.RandomModel == name))
        {
            // Its three layers leave nothing to look ahead to from further away.
            EngineOptions options = setup.Options with { LookaheadLayers = Math.Min(setup.Options.LookaheadLayers, 2) };
            await using NeuralinkEngine engine = await (setup with { Options = options }).OpenAsync(images, 0);
            (await engine.RunAsync(prompt, NewTokens).WaitAsync(FaultyEngine.Hangs)).Tokens.Should().Equal(tokens, "of {0}", setup);
            double found = (await engine.ScoreAsync(whole).WaitAsync(FaultyEngine.Hangs)).NegativeLogLikelihood;
            found.Should().Be(score ??= found, "of {0}", setup);
            engine.LeaseCount.Should().Be(0);
            engine.CacheState.CheckInvariants();
        }
    }
}
