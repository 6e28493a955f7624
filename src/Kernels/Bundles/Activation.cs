namespace Neuralink.Kernels;

/// <summary>The activations that make exact zeros, and so let a neuron be skipped.</summary>
public enum ActivationKind
{
    /// <summary>relu(gate) * up, or relu(up) without a gate.</summary>
    Relu = 0,

    /// <summary>As <see cref="Relu"/> with a threshold t: gate where gate &gt; t, else 0 (FATReLU; Kurtz et al. 2020, section 3).</summary>
    FatRelu = 1,

    /// <summary>relu(gate) * relu(up) (dReLU; Song et al. 2024, "Turbo Sparse", section 3).</summary>
    DRelu = 2,
}

/// <summary>An FFN's activation: g' = g where g &gt; Threshold, else 0. The default is <see cref="Relu"/>.</summary>
/// <param name="Kind">Which one.</param>
/// <param name="Threshold">What a gate must exceed to fire; 0 except for FATReLU.</param>
public readonly record struct Activation(ActivationKind Kind, float Threshold)
{
    /// <summary>relu.</summary>
    public static Activation Relu => new(ActivationKind.Relu, 0f);

    /// <summary>dReLU: the up projection is rectified too.</summary>
    public static Activation DRelu => new(ActivationKind.DRelu, 0f);

    /// <summary>FATReLU with its threshold.</summary>
    public static Activation FatRelu(float threshold) => new(ActivationKind.FatRelu, threshold);

    /// <summary>Whether a neuron with this gate value (without a gate: this up value) adds anything. False for NaN.</summary>
    public bool IsActive(float gate) => gate > Threshold;

    /// <summary>The neuron's value from a gate that fires and its up value.</summary>
    internal float Combine(float gate, float up) => gate * (Kind == ActivationKind.DRelu ? MathF.Max(up, 0f) : up);
}
