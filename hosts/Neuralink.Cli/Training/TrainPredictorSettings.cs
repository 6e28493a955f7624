using Neuralink.Models.Training;

namespace Neuralink.Cli.Training;

/// <summary>What the command line of `train-predictor` says.</summary>
internal sealed record TrainPredictorSettings
{
    /// <summary>The model's folder, or null for the bundled one.</summary>
    public required string? Model { get; init; }

    /// <summary>The trace to train on.</summary>
    public required string Trace { get; init; }

    /// <summary>The predictor to write, or null for its place in the image's folder.</summary>
    public required string? Output { get; init; }

    public required TrainingMethod Method { get; init; }

    public required TrainingOptions Options { get; init; }

    public required int Threads { get; init; }

    /// <summary>How an unpacked model is read.</summary>
    public required ModelReading Reading { get; init; }

    /// <summary>Whether an existing predictor is replaced.</summary>
    public required bool Force { get; init; }

    public required bool Json { get; init; }
}

/// <summary>How a predictor is made.</summary>
internal enum TrainingMethod
{
    /// <summary>Small matrices are trained by gradients.</summary>
    LowRank,

    /// <summary>The model's own matrices are decomposed.</summary>
    Svd,
}
