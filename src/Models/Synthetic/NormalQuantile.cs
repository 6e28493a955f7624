namespace Neuralink.Models.Synthetic;

/// <summary>The normal distribution's quantiles.</summary>
internal static class NormalQuantile
{
    /// <summary>x with P(X &lt; x) = <paramref name="p"/>, within 4.5e-4 (Abramowitz and Stegun 1964, 26.2.23).</summary>
    public static float Of(double p)
    {
        double t = Math.Sqrt(-2 * Math.Log(Math.Min(p, 1 - p)));
        double x = t
            - ((2.515517 + (0.802853 * t) + (0.010328 * t * t)) / (1 + (1.432788 * t) + (0.189269 * t * t) + (0.001308 * t * t * t)));
        return (float)(p < 0.5 ? -x : x);
    }
}
