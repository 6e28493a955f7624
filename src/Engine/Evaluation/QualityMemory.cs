using Neuralink.Models.Weights;
using Neuralink.Storage;

namespace Neuralink.Evaluation;

/// <summary>
/// How a comparison's memory is shared out: both models are loaded, without a neuron cache if need be, and a window's dense logits are
/// kept. What a budget leaves is cache, the predicted model's first, because it runs token by token.
/// </summary>
/// <param name="Dense">The dense engine's options.</param>
/// <param name="Predicted">The other one's.</param>
/// <param name="LogitsBytes">Of the logits that are kept.</param>
internal sealed record QualityMemory(EngineOptions Dense, EngineOptions Predicted, long LogitsBytes)
{
    /// <summary>Gives both their budgets.</summary>
    /// <param name="model">The model.</param>
    /// <param name="dense">The dense engine's options but for its budget.</param>
    /// <param name="predicted">The other one's.</param>
    /// <param name="logitsBytes">What the logits take.</param>
    /// <param name="budgetBytes">For all of it; null leaves both engines to their defaults.</param>
    /// <exception cref="NeuralinkException">It does not fit.</exception>
    public static QualityMemory Share(ImageModel model, EngineOptions dense, EngineOptions predicted, long logitsBytes, long? budgetBytes)
    {
        if (budgetBytes is not { } budget)
            return new QualityMemory(dense, predicted, logitsBytes);
        long denseMin = Smallest(dense), predictedMin = Smallest(predicted);
        long smallest = denseMin + predictedMin + logitsBytes;
        if (budget < smallest)
        {
            throw new NeuralinkException(
                "fit both models into memory",
                $"at least {ByteSize.Format(smallest)} (dense {ByteSize.Format(denseMin)}, predicted {ByteSize.Format(predictedMin)}, a "
                + $"window's logits {ByteSize.Format(logitsBytes)})",
                ByteSize.Format(budget), $"give --memory {(smallest + (1 << 20) - 1) >> 20}MiB or more, or a smaller --window");
        }
        predicted = predicted with { MemoryBytes = budget - logitsBytes - denseMin };
        return new QualityMemory(
            dense with { MemoryBytes = budget - logitsBytes - Plan(model, predicted).TotalBytes }, predicted, logitsBytes);

        long Smallest(EngineOptions options)
        {
            PredictorSources predictors = PredictorSources.Open(model, options);
            return new MemoryPlanner(model.Config, model.Formats, model.Layout.StrideBytes, predictors, options).Smallest().TotalBytes;
        }
    }

    private static MemoryPlan Plan(ImageModel model, EngineOptions options) =>
        new MemoryPlanner(model.Config, model.Formats, model.Layout.StrideBytes, PredictorSources.Open(model, options), options).Make();
}
