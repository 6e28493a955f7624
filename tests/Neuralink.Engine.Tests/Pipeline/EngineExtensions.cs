using Neuralink.Models.Sampling;

namespace Neuralink.Engine.Tests.Pipeline;

internal static class EngineExtensions
{
    /// <summary>Generates greedily past end tokens, and returns the result.</summary>
    public static async Task<GenerationResult> RunAsync(
        this NeuralinkEngine engine, ReadOnlyMemory<int> prompt, int count, CancellationToken cancellation = default)
    {
        GenerationRequest request = new() { Prompt = prompt, MaxTokens = count, Sampling = SamplingOptions.Greedy, IgnoreEndTokens = true };
        GenerationResult? result = null;
        await foreach (GenerationEvent happened in engine.GenerateAsync(request, cancellation))
        {
            if (happened is GenerationFinished finished)
                result = finished.Result;
        }
        return result ?? throw new InvalidOperationException("The generation ended without a result.");
    }
}
