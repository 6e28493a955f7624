using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Actors.Generation;

/// <summary>What Generation works with.</summary>
/// <param name="Config">The model's.</param>
/// <param name="Logits">Where a pass leaves its logits, [1, vocabulary].</param>
/// <param name="ChunkTokens">The most tokens of a pass.</param>
/// <param name="PayloadBytes">Weights of one bundle.</param>
/// <param name="Counters">Every actor's.</param>
/// <param name="Time">The clock.</param>
internal sealed record GenerationSetup(
    ModelConfig Config, FloatTensor Logits, int ChunkTokens, int PayloadBytes, LayerCounters Counters, TimeProvider Time);
