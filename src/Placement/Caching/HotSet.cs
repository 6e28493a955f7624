namespace Neuralink.Placement.Caching;

/// <summary>The keys that are used most, from the frequencies of a trace.</summary>
public static class HotSet
{
    /// <summary>The <paramref name="count"/> keys with the highest frequencies, the hottest first; equal ones by ascending key.</summary>
    /// <param name="frequencies">For each layer the frequency of each neuron, as many in each; the key is layer x neurons + neuron.</param>
    /// <param name="count">How many; fewer where there are fewer keys.</param>
    public static int[] Of(IReadOnlyList<int[]> frequencies, int count)
    {
        int neurons = frequencies.Count == 0 ? 0 : frequencies[0].Length;
        return
        [
            .. Enumerable.Range(0, frequencies.Count * neurons).OrderByDescending(key => frequencies[key / neurons][key % neurons]).Take(count),
        ];
    }
}
