using Neuralink.Placement.Synthetic;

namespace Neuralink.Placement.Ordering.Annealing;

/// <summary>
/// Searches for a cheaper order by simulated annealing (Kirkpatrick, Gelatt and Vecchi, Science 220, 1983). Two neurons change places if
/// that makes reads cheaper, and while the search is hot, often even if it does not. With improving exchanges alone, the search would gain
/// only a third as much.
/// </summary>
internal sealed class Annealer
{
    // Measured on the bundled model (docs/experiments/orders.md). A hotter search needs more steps to pay. A colder one stays close
    // to its first order.
    private const double HeatShare = 0.15, CoolTo = 0.02;
    private const int HeatProbes = 2000, NearSlots = 3, StepsPerCooling = 4096;

    private readonly TokenSample _sample;
    private readonly SlotCosts _costs;
    private readonly int _reach;
    private SplitMix64 _random;

    /// <param name="sample">The tokens whose reads are to become cheaper.</param>
    /// <param name="gap">What distances cost.</param>
    /// <param name="order">The first order, [slots].</param>
    /// <param name="seed">The seed that decides which exchanges are tried.</param>
    public Annealer(TokenSample sample, GapCost gap, ReadOnlySpan<int> order, int seed)
    {
        _sample = sample;
        _reach = gap.Reach;
        _costs = new SlotCosts(sample, gap, order);
        _random = new SplitMix64((ulong)seed);
    }

    /// <summary>Tries <paramref name="steps"/> exchanges.</summary>
    /// <returns>The neuron at each slot.</returns>
    public int[] Run(long steps, CancellationToken cancellation)
    {
        double hottest = HeatShare * MeanLoss(), heat = hottest;
        for (long step = 0; step < steps; step++)
        {
            if (step % StepsPerCooling == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                heat = hottest * Math.Pow(CoolTo, (double)step / steps);
            }
            if (!TryPropose(out int a, out int b))
                continue;
            int change = _costs.ChangeOfSwap(a, b);
            if (change <= 0 || _random.NextDouble() < Math.Exp(-change / heat))
                _costs.Swap(a, b);
        }
        return _costs.Order.ToArray();
    }

    // What a harmful exchange costs on average. Heat is measured in units of this.
    private double MeanLoss()
    {
        long sum = 0;
        int losses = 0;
        for (int probe = 0; probe < HeatProbes; probe++)
        {
            if (TryPropose(out int a, out int b) && _costs.ChangeOfSwap(a, b) is > 0 and int loss)
            {
                sum += loss;
                losses++;
            }
        }
        return losses == 0 ? 1 : (double)sum / losses;
    }

    // Three times in four, a neuron is moved near one that fired at the same token. So pairs are proposed as often as they fire together,
    // and no pair has to be counted.
    private bool TryPropose(out int a, out int b)
    {
        int neuron = _random.NextInteger(_sample.NeuronCount);
        a = _costs.SlotOf(neuron);
        ReadOnlySpan<int> tokens = _sample.TokensOf(neuron);
        if (tokens.IsEmpty || _random.NextInteger(4) == 0)
        {
            b = _random.NextInteger(_sample.NeuronCount);
        }
        else
        {
            ReadOnlySpan<int> together = _sample.NeuronsOf(tokens[_random.NextInteger(tokens.Length)]);
            int other = together[_random.NextInteger(together.Length)];
            b = _costs.SlotOf(other) + _random.NextInteger((2 * NearSlots) + 1) - NearSlots;
        }
        return (uint)b < (uint)_sample.NeuronCount && Math.Abs(a - b) >= _reach;
    }
}
