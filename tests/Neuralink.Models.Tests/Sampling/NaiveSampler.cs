using Neuralink.Models.Sampling;

namespace Neuralink.Models.Tests.Sampling;

/// <summary>The filters as their papers define them, one after the other over sorted lists.</summary>
internal static class NaiveSampler
{
    /// <summary>The ids that are left, most probable first, with their probabilities.</summary>
    public static List<(int Id, double Probability)> Distribution(SamplingOptions options, float[] logits, int[] recent)
    {
        ILookup<int, int> recently = recent.TakeLast(options.RepeatLastN).ToLookup(id => id);
        List<(int Id, double Logit)> kept = [.. logits
            .Select((logit, id) => (Id: id, Logit: (double)Penalize(logit + options.LogitBias.GetValueOrDefault(id), id)))
            .OrderByDescending(token => token.Logit).ThenBy(token => token.Id)];

        kept = options.TopK > 0 ? [.. kept.Take(options.TopK)] : kept;

        double[] shares = Softmax(kept, 1);
        int count = 1;
        while (count < kept.Count && shares.Take(count).Sum() < options.TopP)
            count++;

        kept = options.TopP < 1 ? kept[..count] : kept;

        shares = Softmax(kept, 1);
        kept = [.. kept.Where((_, i) => shares[i] >= options.MinP * shares[0])];

        shares = Softmax(kept, options.Temperature);
        return [.. kept.Select((token, i) => (token.Id, shares[i]))];

        float Penalize(float logit, int id)
        {
            int times = recently[id].Count();
            if (times == 0)
                return logit;
            logit = logit > 0 ? logit / options.RepeatPenalty : logit * options.RepeatPenalty;
            return logit - (times * options.FrequencyPenalty) - options.PresencePenalty;
        }
    }

    private static double[] Softmax(List<(int Id, double Logit)> tokens, double temperature)
    {
        double[] weights = [.. tokens.Select(token => Math.Exp((token.Logit - tokens[0].Logit) / temperature))];
        return [.. weights.Select(weight => weight / weights.Sum())];
    }
}
