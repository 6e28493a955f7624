using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>
/// The bundled model's score, through the engine, is that of the plainest forward pass to the bit. What that one makes of whole domains is
/// compared with the independent implementation in Models' own tests, without actors and so in less time.
/// </summary>
public sealed class PerplexityTests
{
    [Fact]
    public async Task Of_some_windows_it_is_the_plain_forward_passs_to_the_bit()
    {
        const int Windows = 3;
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            BundledModel.Image, new EngineOptions { Threads = 2, Cache = CacheSize.OfShare(1), ChunkTokens = 128 });
        using SparseForward plain = new(BundledModel.Image, chunkTokens: 32, threads: 1);
        int[] tokens = engine.Tokenizer.Encode(BundledModel.Domains.Single(d => d.Name == "questions").Text);
        for (int begin = 0; begin < Windows * DomainReference.WindowTokens; begin += DomainReference.WindowTokens)
        {
            int[] window = tokens[begin..(begin + DomainReference.WindowTokens + 1)];
            plain.Reset();
            (await engine.ScoreAsync(window)).NegativeLogLikelihood.Should().Be(
                plain.NegativeLogLikelihood(window), "of the window at {0}", begin);
        }
    }
}
