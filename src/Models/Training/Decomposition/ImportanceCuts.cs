namespace Neuralink.Models.Training.Decomposition;

/// <summary>
/// Where to cut each neuron's scores, so that what is lost is worth least. From one cut to a lower one more tokens are predicted, and some
/// importance is saved that would be lost: the sum of |h| over the tokens at which the neuron fires. The steps of all neurons are taken in
/// the order of what they save for each token predicted, until enough of what fires is found: greedily, and because only the steps of each
/// neuron's concave hull are offered, with the least lost for the number predicted.
/// </summary>
internal sealed class ImportanceCuts
{
    private readonly List<Step>[] _steps;
    private readonly float[] _silent;

    /// <param name="neurons">f.</param>
    public ImportanceCuts(int neurons)
    {
        _steps = new List<Step>[neurons];
        _silent = new float[neurons];
    }

    /// <summary>Takes a neuron's scores; different neurons may come from several threads.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="scores">[tokens]; overwritten.</param>
    /// <param name="importance">[tokens], above zero where it fires, else zero; overwritten.</param>
    public void Add(int neuron, float[] scores, float[] importance)
    {
        Array.Sort(scores, importance);
        Array.Reverse(scores);
        Array.Reverse(importance);
        // Above all that was seen, and by as much as the highest lies above the middle.
        _silent[neuron] = scores[0] + (scores[0] - scores[scores.Length / 2]) + 1e-3f;
        List<Step> hull = [new Step(neuron, _silent[neuron], 0, 0, 0)];
        double saved = 0;
        int found = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (importance[i] > 0)
            {
                saved += importance[i];
                found++;
            }
            // Equal scores cannot be cut apart, and a cut that finds nothing more is of no use.
            bool isEdge = i + 1 == scores.Length || scores[i + 1] < scores[i];
            if (!isEdge || found == hull[^1].Found)
                continue;
            float cut = i + 1 == scores.Length ? scores[i] : 0.5f * (scores[i] + scores[i + 1]);
            Step step = new(neuron, cut, i + 1, saved, found);
            while (hull.Count > 1 && Slope(hull[^2], hull[^1]) <= Slope(hull[^1], step))
                hull.RemoveAt(hull.Count - 1);
            hull.Add(step);
        }
        _steps[neuron] = hull;
    }

    /// <summary>The cuts that find the share <paramref name="recall"/> of what fires: a neuron is predicted from its cut on.</summary>
    public float[] Choose(double recall)
    {
        float[] cuts = [.. _silent];
        double wanted = recall * _steps.Sum(hull => (long)hull[^1].Found);
        long found = 0;
        IEnumerable<(Step From, Step To)> steps = _steps.SelectMany(hull => hull.Zip(hull.Skip(1)));
        foreach ((Step from, Step to) in steps.OrderByDescending(s => Slope(s.From, s.To)).ThenBy(s => s.To.Neuron))
        {
            if (found >= wanted)
                break;
            found += to.Found - from.Found;
            cuts[to.Neuron] = to.Cut;
        }
        return cuts;
    }

    private static double Slope(Step from, Step to) => (to.Saved - from.Saved) / (to.Predicted - from.Predicted);

    /// <summary>A cut, and what lies above it.</summary>
    private readonly record struct Step(int Neuron, float Cut, int Predicted, double Saved, int Found);
}
