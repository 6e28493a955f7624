using Neuralink.Kernels;
using Neuralink.Models.Inference.Predictors;

namespace Neuralink.Models.Training.Decomposition;

/// <summary>
/// Makes one layer's predictor of the matrix W that decides its activity (SVDP, arXiv 2603.14110): fc1 and fc2 are its whitened SVD of rank
/// r (<see cref="WhitenedBasis"/>), and each neuron's bias is the cut of its scores that loses least (<see cref="ImportanceCuts"/>), a
/// neuron's score being in units of what the decomposition leaves out of it. Then the threshold is set on calibration tokens and the
/// figures are measured on held-out ones, as of a trained predictor. The rank is the smallest that is enough.
/// </summary>
internal sealed class LayerDecomposer(WorkerPool pool, TrainingOptions options, TokenSplit split, DecidingMatrices matrices)
{
    // A covariance of more tokens than this hardly differs, and cuts of rarer neurons would not either.
    private const int MomentTokensMax = 16384, CutTokensMax = 8192;

    // Of a neuron's deviation, what its unit is at least: what is left out of nearly nothing is noise of f16.
    private const double UnitMin = 1e-2;

    // Of the work, by rank 64: the moments and the gates, and the basis.
    private const double GatesShare = 0.3, BasisShare = 0.3;

    /// <summary>Makes the ranks one after the other until one is enough.</summary>
    /// <returns>The layer that is enough, or the one whose predicted share is least.</returns>
    public TrainedLayer Make(LayerSamples samples, int layer, IProgress<double> progress, CancellationToken cancellation)
    {
        DecidingMatrix matrix = matrices.Read(layer);
        IReadOnlyList<int> ranks = LayerTrainer.Ranks(options, samples.InputSize);
        InputMoments moments = InputMoments.Of(pool, samples, Spread(split.Training, MomentTokensMax), cancellation);
        int[] tokens = Spread(split.Training, CutTokensMax);
        GateStatistics gates = GateStatistics.Of(pool, samples, tokens, matrix, cancellation);
        progress.Report(GatesShare);
        WhitenedBasis basis = WhitenedBasis.Find(
            pool, matrix.Weights, samples.Active.NeuronCount, moments, ranks[^1], options.Seed + (ulong)layer,
            share => progress.Report(GatesShare + (share * BasisShare)), cancellation);
        TrainedLayer? best = null;
        foreach ((int i, int rank) in ranks.Index())
        {
            TrainedLayer made = Make(samples, layer, rank, basis, gates, tokens, cancellation);
            progress.Report(GatesShare + BasisShare + ((1 - GatesShare - BasisShare) * (i + 1) / ranks.Count));
            if (best is null || made.Figures.PredictedShare < best.Figures.PredictedShare)
                best = made;
            if (made.IsEnough)
                break;
        }
        progress.Report(1);
        return best!;
    }

    private TrainedLayer Make(
        LayerSamples samples, int layer, int rank, WhitenedBasis basis, GateStatistics gates, int[] tokens, CancellationToken cancellation)
    {
        int d = samples.InputSize, neurons = samples.Active.NeuronCount;
        Half[] bias = new Half[neurons];
        LowRankWeights weights = new(rank, Rows(basis, d, rank), ScaledRows(basis, gates, neurons, rank), bias);
        LowRankNet net = new(pool, d, neurons, rank, Math.Max(tokens.Length, options.BatchTokens), isLinear: true);
        net.Load(weights);
        float[] cuts = Cuts(net, samples, tokens, gates, neurons).Choose(options.Recall);
        for (int n = 0; n < neurons; n++)
            bias[n] = (Half)Math.Clamp(-cuts[n], (float)Half.MinValue, (float)Half.MaxValue);
        net.Load(weights);
        float threshold = Count(split.Calibration).ThresholdFor(options.Recall);
        LowRankMetrics figures = Count(split.HeldOut).At(threshold, options.PositiveWeight);
        return new TrainedLayer(layer, weights, threshold, figures, figures.PredictedShare <= options.ShareFactor * figures.TrueShare);

        LogitCounts Count(int[] chosen) => LogitCounts.Of(net, samples, chosen, options.BatchTokens, split.BlockTokens, cancellation);
    }

    private static ImportanceCuts Cuts(LowRankNet net, LayerSamples samples, int[] tokens, GateStatistics gates, int neurons)
    {
        ImportanceCuts cuts = new(neurons);
        net.Evaluate(samples, tokens, (_, first, logits) =>
        {
            int width = logits.Length / tokens.Length;
            for (int n = 0; n < width && first + n < neurons; n++)
            {
                float[] scores = new float[tokens.Length], importance = new float[tokens.Length];
                for (int i = 0; i < scores.Length; i++)
                    scores[i] = logits.Span[(i * width) + n];
                gates.Importance(first + n, importance);
                cuts.Add(first + n, scores, importance);
            }
        });
        return cuts;
    }

    /// <summary>fc1 [r, d]: the rows of U^T W.</summary>
    private static Half[] Rows(WhitenedBasis basis, int d, int rank)
    {
        Half[] rows = new Half[rank * d];
        for (int k = 0; k < rank; k++)
        {
            for (int i = 0; i < d; i++)
                rows[(k * d) + i] = (Half)basis.V[(i * basis.Width) + k];
        }
        return rows;
    }

    /// <summary>fc2 [f, r]: the rows of U, each over the deviation of what the decomposition leaves out of its neuron's gate.</summary>
    private static Half[] ScaledRows(WhitenedBasis basis, GateStatistics gates, int neurons, int rank)
    {
        Half[] rows = new Half[neurons * rank];
        for (int n = 0; n < neurons; n++)
        {
            ReadOnlySpan<float> u = basis.U.AsSpan(n * basis.Width, rank);
            double left = gates.Variances[n];
            for (int k = 0; k < rank; k++)
                left -= (double)u[k] * u[k] * basis.Variances[k];
            double unit = Math.Sqrt(Math.Max(left, UnitMin * UnitMin * gates.Variances[n]));
            for (int k = 0; k < rank; k++)
                rows[(n * rank) + k] = (Half)(unit > 0 ? Math.Clamp(u[k] / unit, (double)Half.MinValue, (double)Half.MaxValue) : u[k]);
        }
        return rows;
    }

    /// <summary>At most so many of <paramref name="tokens"/>, evenly spread.</summary>
    private static int[] Spread(int[] tokens, int countMax) => tokens.Length <= countMax
        ? tokens
        : [.. Enumerable.Range(0, countMax).Select(i => tokens[(int)((long)i * tokens.Length / countMax)])];
}
