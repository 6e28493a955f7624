namespace Neuralink.Tests.Support;

/// <summary>
/// Few rows in which any two values of any two dimensions meet: what a product of all dimensions would find out about pairs, in a fraction
/// of its runs. The same dimensions give the same rows.
/// </summary>
public static class PairwiseDesign
{
    /// <summary>
    /// Chooses the rows greedily: each begins with a pair that has not met, and takes of the other dimensions the values
    /// that meet most for the first time.
    /// </summary>
    /// <param name="valueCounts">Values of each dimension, at least 1.</param>
    /// <param name="excludes">Whether a value of a dimension and one of a later dimension can never meet; null: all can.</param>
    /// <returns>Rows of an index into each dimension's values.</returns>
    /// <exception cref="InvalidOperationException">A pair that is not excluded leaves another dimension without a value.</exception>
    public static IReadOnlyList<int[]> Rows(IReadOnlyList<int> valueCounts, Func<ValuePair, bool>? excludes = null)
    {
        ValuePair[] pairs = [.. Pairs(valueCounts).Where(p => excludes?.Invoke(p) != true)];
        HashSet<ValuePair> possible = [.. pairs], open = [.. pairs];
        List<int[]> rows = [];
        foreach (ValuePair pair in pairs)
        {
            if (!open.Contains(pair))
                continue;
            int[] row = Complete(pair, valueCounts, possible, open, rows);
            open.ExceptWith(Met(row));
            rows.Add(row);
        }
        return rows;
    }

    /// <summary>The pairs that meet in a row.</summary>
    public static IEnumerable<ValuePair> Met(int[] row)
    {
        for (int second = 1; second < row.Length; second++)
        {
            for (int first = 0; first < second; first++)
                yield return new ValuePair(first, row[first], second, row[second]);
        }
    }

    /// <summary>All pairs that there are.</summary>
    public static IEnumerable<ValuePair> Pairs(IReadOnlyList<int> valueCounts) =>
        from second in Enumerable.Range(0, valueCounts.Count)
        from first in Enumerable.Range(0, second)
        from firstValue in Enumerable.Range(0, valueCounts[first])
        from secondValue in Enumerable.Range(0, valueCounts[second])
        select new ValuePair(first, firstValue, second, secondValue);

    private static int[] Complete(
        ValuePair pair, IReadOnlyList<int> valueCounts, HashSet<ValuePair> possible, HashSet<ValuePair> open, List<int[]> rows)
    {
        const int None = -1;
        int[] row = [.. valueCounts.Select(_ => None)];
        row[pair.First] = pair.FirstValue;
        row[pair.Second] = pair.SecondValue;
        for (int dimension = 0; dimension < row.Length; dimension++)
        {
            if (row[dimension] != None)
                continue;
            int[] fitting = [.. Enumerable.Range(0, valueCounts[dimension]).Where(value => With(value).All(possible.Contains))];
            if (fitting.Length == 0)
                throw new InvalidOperationException($"No value of dimension {dimension} fits {pair}.");
            // Of equal ones the one that has been taken least.
            row[dimension] = fitting.MaxBy(value => (With(value).Count(open.Contains), -rows.Count(r => r[dimension] == value)));

            IEnumerable<ValuePair> With(int value) => Enumerable.Range(0, row.Length).Where(other => row[other] != None).Select(
                other =>
                    other < dimension
                        ? new ValuePair(other, row[other], dimension, value)
                        : new ValuePair(dimension, value, other, row[other]));
        }
        return row;
    }
}

/// <summary>A value of a dimension, and one of a later dimension.</summary>
public readonly record struct ValuePair(int First, int FirstValue, int Second, int SecondValue);
