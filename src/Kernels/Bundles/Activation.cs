namespace Neuralink.Kernels;

/// <summary>The activations of an FFN. Those that make exact zeros let a neuron be skipped.</summary>
public enum ActivationKind
{
    /// <summary>relu(gate) * up, or relu(up) without a gate.</summary>
    Relu = 0,

    /// <summary>As <see cref="Relu"/> with a threshold t: gate where gate &gt; t, else 0 (FATReLU; Kurtz et al. 2020, section 3).</summary>
    FatRelu = 1,

    /// <summary>relu(gate) * relu(up) (dReLU; Song et al. 2024, "Turbo Sparse", section 3).</summary>
    DRelu = 2,

    /// <summary>relu(gate)^2 * up, or relu(up)^2 without a gate (So et al. 2021, "Primer", section 4).</summary>
    Relu2 = 3,

    /// <summary>x / (1 + e^-x); no exact zeros, as all that follow.</summary>
    Silu = 4,

    /// <summary>x Phi(x).</summary>
    Gelu = 5,

    /// <summary>The approximation of x Phi(x) by a hyperbolic tangent ("gelu_new").</summary>
    GeluTanh = 6,

    /// <summary>The approximation of x Phi(x) by a sigmoid.</summary>
    QuickGelu = 7,
}

/// <summary>An FFN's activation. Of the ReLUs: g' = g where g &gt; Threshold, else 0. The default is <see cref="Relu"/>.</summary>
/// <param name="Kind">Which one.</param>
/// <param name="Threshold">
/// What a gate must exceed to fire, 0 except for FATReLU; of a smooth activation what |act(gate)| must exceed (CATS, arXiv 2404.08763,
/// section 3), 0 where none falls silent.
/// </param>
public readonly record struct Activation(ActivationKind Kind, float Threshold)
{
    /// <summary>relu.</summary>
    public static Activation Relu => new(ActivationKind.Relu, 0f);

    /// <summary>dReLU: the up projection is rectified too.</summary>
    public static Activation DRelu => new(ActivationKind.DRelu, 0f);

    /// <summary>FATReLU with its threshold.</summary>
    public static Activation FatRelu(float threshold) => new(ActivationKind.FatRelu, threshold);

    /// <summary>Whether there are neurons that add nothing: those of a smooth activation only below a threshold.</summary>
    public bool IsSparse => IsRectified || Threshold > 0;

    /// <summary>Whether it is one of the ReLUs, which make exact zeros.</summary>
    public bool IsRectified => Kind <= ActivationKind.Relu2;

    /// <summary>Whether a neuron with this gate value (without a gate: this up value) adds anything. False for NaN of a ReLU.</summary>
    /// <param name="gate">The value.</param>
    /// <param name="weight">
    /// What |act(gate)| is multiplied with before it is held against a smooth activation's threshold: of a plain FFN the norm of the
    /// neuron's down column, so that what is compared is the size of what the neuron adds.
    /// </param>
    public bool IsActive(float gate, float weight = 1) =>
        IsRectified ? gate > Threshold : Threshold == 0 || MathF.Abs(Value(gate)) * weight > Threshold;

    /// <summary>What becomes of the gate value of an active neuron (without a gate: of its up value).</summary>
    public float Value(float gate) => Kind switch
    {
        ActivationKind.Relu2 => gate * gate,
        ActivationKind.Silu => ActivationFunctions.Silu(gate),
        ActivationKind.Gelu => ActivationFunctions.Gelu(gate),
        ActivationKind.GeluTanh => ActivationFunctions.GeluTanh(gate),
        ActivationKind.QuickGelu => ActivationFunctions.QuickGelu(gate),
        _ => gate,
    };

    /// <summary>An active neuron's value from its gate and its up value.</summary>
    internal float Combine(float gate, float up) => Value(gate) * (Kind == ActivationKind.DRelu ? MathF.Max(up, 0f) : up);
}
