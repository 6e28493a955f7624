namespace Neuralink.Placement.Evaluation;

/// <summary>What reading the neurons of some tokens took. Sums: those of several layers add up to those of the model.</summary>
/// <param name="Reads">Reads, after access collapse.</param>
/// <param name="WantedBundles">Bundles of neurons that fired and were not cached.</param>
/// <param name="ReadBundles">Bundles read, those in bridged gaps included.</param>
/// <param name="Micros">Microseconds of the device.</param>
public readonly record struct ReadTotals(long Reads, long WantedBundles, long ReadBundles, double Micros)
{
    /// <summary>Bundles of a read; 0 without reads.</summary>
    public double MeanReadBundles => Reads == 0 ? 0 : (double)ReadBundles / Reads;

    /// <summary>Bytes read over bytes used; 1 without reads.</summary>
    public double ReadPerUsed => WantedBundles == 0 ? 1 : (double)ReadBundles / WantedBundles;

    public static ReadTotals operator +(ReadTotals a, ReadTotals b) =>
        new(a.Reads + b.Reads, a.WantedBundles + b.WantedBundles, a.ReadBundles + b.ReadBundles, a.Micros + b.Micros);
}
