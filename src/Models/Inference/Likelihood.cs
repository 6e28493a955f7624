namespace Neuralink.Models.Inference;

/// <summary>How well logits predict a token.</summary>
public static class Likelihood
{
    /// <summary>-ln softmax(logits)[token], in nats.</summary>
    public static double NegativeLog(ReadOnlySpan<float> logits, int token)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits)
            max = Math.Max(max, logit);
        foreach (float logit in logits)
            sum += Math.Exp(logit - max);
        return max + Math.Log(sum) - logits[token];
    }
}
