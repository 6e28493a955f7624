using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Generation;

public sealed class GenerationEventsTests(RandomImage image) : IClassFixture<RandomImage>
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(0)]
    public async Task Every_token_comes_as_an_event_and_the_texts_make_the_whole(int maxTokens)
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, new EngineOptions { Threads = 2 });
        GenerationRequest request = new() { Prompt = image.Prompt, MaxTokens = maxTokens };
        List<int> tokens = [];
        string text = "";
        GenerationResult? result = null;
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            result.Should().BeNull("the result is the last event");
            if (happened is TokenGenerated token)
            {
                tokens.Add(token.Id);
                text += token.Text;
            }
            else if (happened is GenerationFinished finished)
            {
                text += finished.Text;
                result = finished.Result;
            }
        }
        tokens.Should().Equal(result!.Tokens).And.HaveCount(maxTokens);
        text.Should().Be(result.Text);
    }
}
