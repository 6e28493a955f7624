namespace Neuralink.Kernels;

/// <summary>
/// The smooth activations, one value at a time: a neuron needs one beside thousands of products. The same call gives the same bits wherever
/// it stands.
/// </summary>
internal static class ActivationFunctions
{
    // From here on erf is 1 in float32.
    private const double ErfMax = 4;

    /// <summary>x / (1 + e^-x) (Elfwing et al. 2017).</summary>
    public static float Silu(float x) => x / (1f + MathF.Exp(-x));

    /// <summary>x Phi(x), Phi being the normal distribution's (Hendrycks and Gimpel 2016).</summary>
    public static float Gelu(float x) => (float)(0.5 * x * (1 + Erf(x / Math.Sqrt(2))));

    /// <summary>The same by 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    public static float GeluTanh(float x)
    {
        const float scale = 0.79788456f;
        return 0.5f * x * (1f + MathF.Tanh(scale * (x + (0.044715f * x * x * x))));
    }

    /// <summary>x sigmoid(1.702 x).</summary>
    public static float QuickGelu(float x) => x / (1f + MathF.Exp(-1.702f * x));

    /// <summary>erf(x) = 2/sqrt(pi) e^(-x^2) sum over n of 2^n x^(2n+1) / (1 3 5 ... (2n+1)) (Abramowitz and Stegun 1964, 7.1.6).</summary>
    public static double Erf(double x)
    {
        double size = Math.Abs(x);
        if (!(size < ErfMax))
            return double.IsNaN(x) ? x : Math.Sign(x);
        double term = size, sum = size;
        for (int n = 1; term > sum * 1e-17; n++)
        {
            term *= 2 * size * size / ((2 * n) + 1);
            sum += term;
        }
        return Math.CopySign(2 / Math.Sqrt(Math.PI) * Math.Exp(-size * size) * sum, x);
    }
}
