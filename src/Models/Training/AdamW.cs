using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Models.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2): w -= rate * (m / (sqrt(v) + epsilon) + decay * w), with m
/// and v the running means of the gradient and of its square, corrected for their zero beginning. One step's factors; the
/// means belong to the parameters.
/// </summary>
internal readonly struct AdamW
{
    private const float Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-8f;

    private readonly float _rate;
    private readonly float _keep;
    private readonly float _meanScale;
    private readonly float _squareScale;

    /// <param name="rate">The learning rate of this step.</param>
    /// <param name="decay">Weight decay.</param>
    /// <param name="step">Steps so far, this one included.</param>
    public AdamW(float rate, float decay, int step)
    {
        _rate = rate;
        _keep = 1 - (rate * decay);
        _meanScale = 1 / (1 - MathF.Pow(Beta1, step));
        _squareScale = 1 / (1 - MathF.Pow(Beta2, step));
    }

    /// <summary>Updates weights [n] by their gradients [n]; mean and square [n] are the running means.</summary>
    public void Update(Span<float> weights, ReadOnlySpan<float> gradients, Span<float> mean, Span<float> square)
    {
        if (gradients.Length != weights.Length || mean.Length != weights.Length || square.Length != weights.Length)
            throw new ArgumentException($"{weights.Length} gradients and means of each kind expected.", nameof(gradients));
        ref float w = ref MemoryMarshal.GetReference(weights);
        ref float g = ref MemoryMarshal.GetReference(gradients);
        ref float m = ref MemoryMarshal.GetReference(mean);
        ref float v = ref MemoryMarshal.GetReference(square);
        int i = 0;
        for (; i <= weights.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            nuint at = (nuint)i;
            Vector512<float> gradient = Vector512.LoadUnsafe(ref g, at);
            Vector512<float> newMean = (Vector512.LoadUnsafe(ref m, at) * Beta1) + (gradient * (1 - Beta1));
            Vector512<float> newSquare = (Vector512.LoadUnsafe(ref v, at) * Beta2) + (gradient * gradient * (1 - Beta2));
            newMean.StoreUnsafe(ref m, at);
            newSquare.StoreUnsafe(ref v, at);
            Vector512<float> step = newMean * _meanScale / (Vector512.Sqrt(newSquare * _squareScale) + Vector512.Create(Epsilon));
            ((Vector512.LoadUnsafe(ref w, at) * _keep) - (step * _rate)).StoreUnsafe(ref w, at);
        }
        for (; i < weights.Length; i++)
        {
            mean[i] = (mean[i] * Beta1) + (gradients[i] * (1 - Beta1));
            square[i] = (square[i] * Beta2) + (gradients[i] * gradients[i] * (1 - Beta2));
            weights[i] = (weights[i] * _keep) - (mean[i] * _meanScale / (MathF.Sqrt(square[i] * _squareScale) + Epsilon) * _rate);
        }
    }
}
