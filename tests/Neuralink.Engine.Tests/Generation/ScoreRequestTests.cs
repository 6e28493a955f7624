using Neuralink.Models.Inference;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Generation;

/// <summary>A part of a text is scored by the very logits that are shown, wherever chunks are cut.</summary>
public sealed class ScoreRequestTests : IDisposable
{
    private readonly RandomModel _model = new(RandomModels.LlamaRelu);
    private readonly PackedModel _image;
    private readonly int[] _tokens = [.. Enumerable.Range(0, 41).Select(i => (i * 37) % ByteTokenizer.EndToken)];

    public ScoreRequestTests() => _image = new PackedModel(_model.Folder);

    public void Dispose()
    {
        _image.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(7, 1)]
    [InlineData(7, 7)]
    [InlineData(7, 8)]
    [InlineData(7, 40)]
    [InlineData(40, 20)]
    public async Task Each_token_behind_the_context_is_scored_by_the_logits_that_are_shown(int chunk, int context)
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            _image.Folder, new EngineOptions { ChunkTokens = chunk, Threads = 1 });
        double[] whole = await NegativeLogsAsync(engine, 1), part = await NegativeLogsAsync(engine, context);
        part.Should().Equal(whole[(context - 1)..]);
        double sum = 0;
        foreach (double negativeLog in part)
            sum += negativeLog;
        ScoreResult score = await engine.ScoreAsync(new ScoreRequest { Tokens = _tokens, ContextTokens = context });
        score.NegativeLogLikelihood.Should().Be(sum);
        score.Tokens.Should().Be(_tokens.Length - context);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(41)]
    public async Task Context_that_leaves_nothing_to_score_or_to_begin_with_is_refused(int context)
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(_image.Folder, new EngineOptions { Threads = 1 });
        Func<Task> score = () => engine.ScoreAsync(new ScoreRequest { Tokens = _tokens, ContextTokens = context });
        (await score.Should().ThrowAsync<NeuralinkException>()).WithMessage($"*1 to 40 tokens of context*{context}*");
    }

    private async Task<double[]> NegativeLogsAsync(NeuralinkEngine engine, int context)
    {
        List<double> values = [];
        int next = context;
        ScoreRequest request = new()
        {
            Tokens = _tokens,
            ContextTokens = context,
            ReadLogits = (index, logits) =>
            {
                // A wrong index would give a wrong sum; here nothing may be thrown.
                values.Add(index == next++ ? Likelihood.NegativeLog(logits, _tokens[index]) : double.NaN);
            },
        };
        await engine.ScoreAsync(request);
        return [.. values];
    }
}
