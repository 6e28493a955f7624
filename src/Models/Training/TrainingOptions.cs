namespace Neuralink.Models.Training;

/// <summary>How low-rank predictors are trained and chosen.</summary>
public sealed record TrainingOptions
{
    /// <summary>The ranks that are tried, ascending; those above half the hidden width are not.</summary>
    public static IReadOnlyList<int> RankLadder { get; } = [8, 16, 32, 64, 128, 256];

    /// <summary>
    /// Share of the neurons that fire which must be predicted, above 0 and below 1; 0.95 is what LLM in a flash (arXiv
    /// 2312.11514, section 3.1) works with.
    /// </summary>
    public double Recall { get; init; } = 0.95;

    /// <summary>A rank is enough where the predicted share is at most this many times the true one; above 1.</summary>
    public double ShareFactor { get; init; } = 2.5;

    /// <summary>A rank for every layer, or null to take the smallest of <see cref="RankLadder"/> that is enough.</summary>
    public int? Rank { get; init; }

    /// <summary>Layers between the input and the predicted activity; 0 is the same layer.</summary>
    public int Depth { get; init; }

    /// <summary>Passes over the training tokens.</summary>
    public int Epochs { get; init; } = 12;

    /// <summary>Orders the tokens, splits them and fills the first weights.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Tokens of a step.</summary>
    public int BatchTokens { get; init; } = 256;

    /// <summary>The highest learning rate, after the first twentieth of the steps; from there it falls along a cosine to zero.</summary>
    public float LearningRate { get; init; } = 4e-3f;

    /// <summary>AdamW's, of the weights and not of the biases.</summary>
    public float WeightDecay { get; init; } = 0.01f;

    /// <summary>
    /// How many times more an active neuron counts in the loss than a silent one: what decides is the line at high recall,
    /// where few of those on it fire.
    /// </summary>
    public float PositiveWeight { get; init; } = 4f;

    /// <summary>
    /// Share of the tokens that the threshold is set on, and again of those that all figures are measured on; neither is trained on.
    /// </summary>
    public double HeldOutShare { get; init; } = 0.15;

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public void Validate()
    {
        Require(Recall is > 0 and < 1, nameof(Recall), Recall);
        Require(ShareFactor > 1 && double.IsFinite(ShareFactor), nameof(ShareFactor), ShareFactor);
        Require(Rank is null or (>= 1 and <= 1 << 16), nameof(Rank), Rank);
        Require(Depth >= 0, nameof(Depth), Depth);
        Require(Epochs >= 1, nameof(Epochs), Epochs);
        Require(BatchTokens is >= 1 and <= 1 << 14, nameof(BatchTokens), BatchTokens);
        Require(LearningRate > 0 && float.IsFinite(LearningRate), nameof(LearningRate), LearningRate);
        Require(WeightDecay >= 0 && float.IsFinite(WeightDecay), nameof(WeightDecay), WeightDecay);
        Require(PositiveWeight > 0 && float.IsFinite(PositiveWeight), nameof(PositiveWeight), PositiveWeight);
        Require(HeldOutShare is > 0 and < 0.5, nameof(HeldOutShare), HeldOutShare);

        static void Require(bool holds, string name, object? value)
        {
            if (!holds)
                throw new ArgumentOutOfRangeException(name, value, "outside its range");
        }
    }
}
