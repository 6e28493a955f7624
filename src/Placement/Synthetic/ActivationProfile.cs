using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Synthetic;

/// <summary>How often the neurons of a layer fire.</summary>
/// <param name="NeuronCount">The number of neurons of the layer.</param>
/// <param name="Share">The mean share of the neurons that fires at a token, in (0, 1).</param>
/// <param name="EightyShare">
/// The share of the neurons that makes 80% of all activations. It is 0.26 to 0.43 in real models (PowerInfer,
/// arXiv 2312.12456, section 3.1).
/// </param>
public sealed record ActivationProfile(int NeuronCount, double Share, double EightyShare)
{
    // The exponent of the power law. With the cut-off, it fits the frequencies of the bundled model's layers within 30% from the 0.1th to
    // the 60th percentile.
    private const double Power = 0.3;

    private const double CutoffMax = 60;
    private const int CountedTokens = 1_000_000_000;

    /// <summary>
    /// The share of tokens at which each neuron fires, [neurons], descending. The neuron at quantile q fires with odds of A q^-0.3 exp(-B
    /// q): a power law with an exponential cut-off. A and B are chosen so that both shares hold.
    /// </summary>
    /// <exception cref="InvalidOperationException">No such frequencies exist.</exception>
    public double[] Frequencies()
    {
        if (NeuronCount < 1 || !(Share > 0 && Share < 1) || !(EightyShare > 0 && EightyShare < ActivationStatistics.HotActivations))
            throw new InvalidOperationException($"{this} describes no layer.");
        double low = 0, high = CutoffMax;
        while (high - low > 1e-6)
        {
            double middle = (low + high) / 2;
            if (EightyShareOf(Scaled(middle)) > EightyShare)
                low = middle;
            else
                high = middle;
        }
        return Scaled(high);
    }

    private static double EightyShareOf(double[] frequencies)
    {
        int[] counts = Array.ConvertAll(frequencies, frequency => (int)(frequency * CountedTokens));
        return (double)ActivationStatistics.HotNeurons(counts, ActivationStatistics.HotActivations) / counts.Length;
    }

    private double[] Scaled(double cutoff)
    {
        double[] shape = new double[NeuronCount];
        for (int i = 0; i < shape.Length; i++)
        {
            double quantile = (i + 0.5) / NeuronCount;
            shape[i] = Math.Pow(quantile, -Power) * Math.Exp(-cutoff * quantile);
        }
        double low = 0, high = 1;
        while (Mean(shape, high) < Share)
            high *= 2;
        for (int step = 0; step < 60; step++)
        {
            double middle = (low + high) / 2;
            (low, high) = Mean(shape, middle) < Share ? (middle, high) : (low, middle);
        }
        for (int i = 0; i < shape.Length; i++)
            shape[i] = OfOdds(shape[i] * high);
        return shape;
    }

    private static double Mean(double[] shape, double scale)
    {
        double sum = 0;
        foreach (double value in shape)
            sum += OfOdds(value * scale);
        return sum / shape.Length;
    }

    private static double OfOdds(double odds) => odds / (1 + odds);
}
