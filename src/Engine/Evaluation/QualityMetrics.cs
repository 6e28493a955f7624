namespace Neuralink.Evaluation;

/// <summary>How well a model predicts texts.</summary>
/// <param name="Tokens">Tokens that were scored.</param>
/// <param name="Windows">Windows they were scored in.</param>
/// <param name="Dense">With all neurons.</param>
/// <param name="Predicted">With those that a predictor names, on the same windows; null without one.</param>
public sealed record QualityMetrics(int Tokens, int Windows, RunMetrics Dense, PredictedMetrics? Predicted);

/// <summary>One run over the windows.</summary>
/// <param name="Perplexity">exp of the mean negative log likelihood.</param>
/// <param name="NeuronShare">Share of the neurons that fired, or that were predicted, over all layers and all tokens that were run.</param>
public sealed record RunMetrics(double Perplexity, double NeuronShare);

/// <summary>The run with a predictor, beside the dense one.</summary>
/// <param name="Run">By itself.</param>
/// <param name="PerplexityRatio">Its perplexity over the dense one's.</param>
/// <param name="AgreementShare">Share of the tokens for which both find the same token most probable.</param>
/// <param name="KlDivergenceNats">Mean over the tokens of KL(dense || predicted), in nats.</param>
public sealed record PredictedMetrics(RunMetrics Run, double PerplexityRatio, double AgreementShare, double KlDivergenceNats);
