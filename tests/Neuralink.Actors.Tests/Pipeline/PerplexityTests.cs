using Neuralink.Actors.Generation;
using Neuralink.Tests.Support;

namespace Neuralink.Actors.Tests.Pipeline;

/// <summary>The bundled model's perplexity, through the engine, is that of the independent implementation.</summary>
public sealed class PerplexityTests : IDisposable
{
    private readonly PackedModel _image = new(BundledModel.Folder);

    public void Dispose() => _image.Dispose();

    // The other domains go through the same arithmetic in Models' own tests, without actors and so in less time.
    [Fact]
    public async Task Of_a_whole_domain_it_is_within_half_a_percent()
    {
        DomainReference domain = BundledModel.Domains.Single(d => d.Name == "questions");
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            _image.Folder, new EngineOptions { Threads = 2, Cache = CacheSize.OfShare(1), ChunkTokens = 128 });
        int[] tokens = engine.Tokenizer.Encode(domain.Text);
        double nll = 0;
        for (int begin = 0; begin < domain.Tokens; begin += DomainReference.WindowTokens)
        {
            ScoreResult score = await engine.ScoreAsync(tokens.AsMemory(begin, DomainReference.WindowTokens + 1));
            nll += score.NegativeLogLikelihood;
        }
        Math.Exp(nll / domain.Tokens).Should().BeApproximately(domain.Perplexity, 0.005 * domain.Perplexity);
    }
}
