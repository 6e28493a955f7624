using System.Numerics;
using Neuralink.Models.Inference.Predictors;

namespace Neuralink.Models.Training;

/// <summary>
/// How many (neuron, token) pairs have which logit, and how many of these fire: a histogram, from which every threshold's recall, precision
/// and share can be read. Thresholds are edges of its bins, so its counts are exact for them.
/// </summary>
internal sealed class LogitCounts
{
    private const int BinsPerUnit = 64, Range = 32, Bins = 2 * Range * BinsPerUnit;

    private static readonly double[] s_curveRecalls = [0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5];

    private readonly long[] _all;              // [bins]
    private readonly long[] _active;           // [bins]
    private readonly int[][] _activeByBlock;   // [blocks][bins]

    private LogitCounts(int blocks)
    {
        _all = new long[Bins];
        _active = new long[Bins];
        _activeByBlock = [.. Enumerable.Range(0, blocks).Select(_ => new int[Bins])];
    }

    private long Pairs => _all.Sum();

    private long Active => _active.Sum();

    /// <summary>Counts what <paramref name="net"/> says of <paramref name="tokens"/>.</summary>
    public static LogitCounts Of(
        LowRankNet net, LayerSamples samples, ReadOnlyMemory<int> tokens, int batchTokens, int blockTokens, CancellationToken cancellation)
    {
        int blocks = (tokens.Length + blockTokens - 1) / blockTokens;
        LogitCounts[] groups = [.. Enumerable.Range(0, net.GroupCount).Select(_ => new LogitCounts(blocks))];
        for (int begin = 0; begin < tokens.Length; begin += batchTokens)
        {
            cancellation.ThrowIfCancellationRequested();
            int first = begin;
            ReadOnlyMemory<int> batch = tokens.Slice(begin, Math.Min(batchTokens, tokens.Length - begin));
            net.Evaluate(
                samples, batch, (group, neuron, logits) => groups[group].Add(samples, batch.Span, first, blockTokens, neuron, logits.Span));
        }
        LogitCounts sum = groups[0];
        foreach (LogitCounts group in groups.Skip(1))
            sum.Add(group);
        return sum;
    }

    /// <summary>
    /// The highest threshold whose recall is at least <paramref name="recall"/> plus one standard deviation of it from block to block (but
    /// at most half of what is missed): a text of one kind should have it, and not only the mean of all kinds.
    /// </summary>
    public float ThresholdFor(double recall) =>
        EdgeValue(EdgeFor(Math.Min(recall + RecallDeviation(EdgeFor(recall)), (1 + recall) / 2)));

    /// <summary>What <paramref name="threshold"/>, an edge, gives.</summary>
    /// <param name="threshold">From <see cref="ThresholdFor"/>.</param>
    /// <param name="positiveWeight">Of the loss.</param>
    public LowRankMetrics At(float threshold, double positiveWeight)
    {
        LowRankPoint point = Point(EdgeOf(threshold));
        List<LowRankPoint> curve = [point];
        foreach (double recall in s_curveRecalls)
            curve.Add(Point(EdgeFor(recall)));
        return new LowRankMetrics(
            point.Recall, point.Precision, point.PredictedShare, Ratio(Active, Pairs, 0), Loss(positiveWeight),
            [.. curve.DistinctBy(p => p.Threshold).OrderBy(p => p.Threshold)]);
    }

    // Below the histogram everything counts as its first bin.
    private static float EdgeValue(int edge) => edge == 0 ? float.MinValue : ((float)edge / BinsPerUnit) - Range;

    private static int EdgeOf(float value) => value < -Range ? 0 : (int)((value + Range) * BinsPerUnit);

    private static double Ratio(long part, long whole, double ifNone) => whole == 0 ? ifNone : (double)part / whole;

    // log(1 + e^x)
    private static double SoftPlus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    private void Add(LogitCounts other)
    {
        for (int bin = 0; bin < Bins; bin++)
        {
            _all[bin] += other._all[bin];
            _active[bin] += other._active[bin];
            for (int block = 0; block < _activeByBlock.Length; block++)
                _activeByBlock[block][bin] += other._activeByBlock[block][bin];
        }
    }

    private void Add(LayerSamples samples, ReadOnlySpan<int> tokens, int first, int blockTokens, int neuron, ReadOnlySpan<float> logits)
    {
        int width = logits.Length / tokens.Length, used = Math.Min(width, samples.Active.NeuronCount - neuron);
        for (int b = 0; b < tokens.Length; b++)
        {
            ReadOnlySpan<float> row = logits.Slice(b * width, used);
            foreach (float logit in row)
                _all[BinOf(logit)]++;
            int[] block = _activeByBlock[(first + b) / blockTokens];
            for (ulong bits = samples.Active.Token(tokens[b])[neuron / width]; bits != 0; bits &= bits - 1)
            {
                int bin = BinOf(row[BitOperations.TrailingZeroCount(bits)]);
                _active[bin]++;
                block[bin]++;
            }
        }
    }

    private static int BinOf(float logit) => (int)Math.Clamp((logit + Range) * BinsPerUnit, 0, Bins - 1);

    /// <summary>
    /// The highest bin from which on at least <paramref name="recall"/> of the active pairs lie; beyond the last where nothing fires.
    /// </summary>
    private int EdgeFor(double recall)
    {
        double wanted = recall * Active;
        long above = 0;
        int edge = Bins;
        while (edge > 0 && above < wanted)
            above += _active[--edge];
        return edge;
    }

    /// <summary>Of a block's recall about the whole's, blocks weighing as their activity.</summary>
    private double RecallDeviation(int edge)
    {
        long all = Active;
        int blocks = _activeByBlock.Length;
        if (blocks < 2 || all == 0)
            return 0;
        double recall = Point(edge).Recall, squares = 0;
        foreach (int[] block in _activeByBlock)
        {
            long active = 0, found = 0;
            for (int bin = 0; bin < Bins; bin++)
            {
                active += block[bin];
                found += bin >= edge ? block[bin] : 0;
            }
            squares += Math.Pow(found - (recall * active), 2);
        }
        return Math.Sqrt(squares / (blocks - 1)) * blocks / all;
    }

    private LowRankPoint Point(int edge)
    {
        long predicted = 0, found = 0;
        for (int bin = edge; bin < Bins; bin++)
        {
            predicted += _all[bin];
            found += _active[bin];
        }
        return new LowRankPoint(EdgeValue(edge), Ratio(found, Active, 1), Ratio(found, predicted, 1), Ratio(predicted, Pairs, 0));
    }

    private double Loss(double positiveWeight)
    {
        double sum = 0;
        for (int bin = 0; bin < Bins; bin++)
        {
            double logit = ((bin + 0.5) / BinsPerUnit) - Range;
            sum += ((_all[bin] - _active[bin]) * SoftPlus(logit)) + (_active[bin] * positiveWeight * SoftPlus(-logit));
        }
        return sum / Math.Max(Pairs, 1);
    }
}
