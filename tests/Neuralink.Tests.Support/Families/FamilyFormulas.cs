namespace Neuralink.Tests.Support;

/// <summary>The families, each small and random, with what its published models have.</summary>
public static class FamilyFormulas
{
    private static readonly Dictionary<string, Func<FamilyFormula>> s_all = new(StringComparer.Ordinal)
    {
        ["llama-silu"] = () => new LlamaFormula(new("llama", "LlamaForCausalLM", "silu", Formulas.Silu)),
        ["llama-relu2"] = () => new LlamaFormula(new("llama", "LlamaForCausalLM", "relu2", Relu2)),
        ["mistral-silu"] = () => new LlamaFormula(
            new("mistral", "MistralForCausalLM", "silu", Formulas.Silu) { Extra = """{ "sliding_window": null }""" }),
        ["mobillama"] = () => new LlamaFormula(new("llama", "LlamaForCausalLM", "silu", Formulas.Silu) { SharedFfn = true }),
        ["mobillama-relu"] = () => new LlamaFormula(new("llama", "LlamaForCausalLM", "relu", Formulas.Relu) { SharedFfn = true }),
        ["minicpm-s"] = () => new LlamaFormula(new("minicpm", "MiniCPMForCausalLM", "relu", Formulas.Relu)
        {
            EmbeddingScale = 12,
            Depth = 1.4,
            WidthBase = 16,
            OutputGain = 12,
            Extra = """{ "scale_emb": 12, "scale_depth": 1.4, "dim_model_base": 16, "rope_scaling": null, "attention_bias": false }""",
        }),
        ["minicpm-silu"] = () => new LlamaFormula(new("minicpm", "MiniCPMForCausalLM", "silu", Formulas.Silu)
        {
            EmbeddingScale = 12,
            Depth = 1.4,
            WidthBase = 16,
            OutputGain = 12,
            Extra = """{ "scale_emb": 12, "scale_depth": 1.4, "dim_model_base": 16 }""",
        }),
        ["qwen2"] = () => new LlamaFormula(new("qwen2", "Qwen2ForCausalLM", "silu", Formulas.Silu)
        {
            QkvBias = true,
            Tied = true,
            Extra = """
                { "sliding_window": 32768, "use_sliding_window": false, "max_window_layers": 21, "attention_dropout": 0.0,
                  "rope_theta": 10000.0 }
                """,
        }),
        ["sparseqwen2"] = () => new LlamaFormula(
            new("sparseqwen2", "SparseQwen2ForCausalLM", "relu", Formulas.Relu) { QkvBias = true, ActUp = Formulas.Relu }),
        ["qwen3"] = () => new LlamaFormula(new("qwen3", "Qwen3ForCausalLM", "silu", Formulas.Silu)
        {
            QueryKeyNorm = true,
            Extra = """{ "head_dim": 8, "attention_bias": false, "use_sliding_window": false }""",
        }),
        ["phi3-longrope"] = () => new LlamaFormula(new("phi3", "Phi3ForCausalLM", "silu", Formulas.Silu)
        {
            Fused = true,
            Frequencies = LongRope,
            Extra = """
                { "original_max_position_embeddings": 24, "embd_pdrop": 0.0, "sliding_window": null,
                  "rope_scaling": { "type": "longrope", "short_factor": [1, 1.1, 1.2, 1.3], "long_factor": [1.5, 2, 3, 4] } }
                """,
        }),
        ["arcee-yarn"] = () => new LlamaFormula(new("arcee", "ArceeForCausalLM", "relu2", Relu2)
        {
            Gated = false,
            Frequencies = Yarn,
            Extra = """
                { "head_dim": 8, "mlp_bias": false, "attention_bias": false, "rope_theta": 10000.0,
                  "rope_scaling": { "rope_type": "yarn", "type": "yarn", "factor": 20.0, "beta_fast": 4.0, "beta_slow": 0.5, "mscale": 1.0,
                    "original_max_position_embeddings": 64 } }
                """,
        }),
        ["arcee"] = () => new LlamaFormula(
            new("arcee", "ArceeForCausalLM", "relu2", Relu2) { Gated = false, Extra = """{ "head_dim": 8, "rope_theta": 10000.0 }""" }),
        ["nemotron"] = () => new NemotronFormula(),
        ["phi-2"] = () => new PhiFormula(),
        ["falcon-7b"] = () => new FalconFormula(isNew: false),
        ["falcon-40b"] = () => new FalconFormula(isNew: true),
        ["falcon-11b"] = () => new FalconFormula(isNew: true, norms: 1),
        ["falcon-many-keys"] = () => new FalconFormula(isNew: false, multiQuery: false, bias: true),
        ["falcon-sequential"] = () => new FalconFormula(isNew: false, parallel: false),
    };

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names => s_all.Keys;

    /// <summary>Makes the family's model.</summary>
    public static FamilyFormula Make(string name) => s_all[name]();

    private static double Relu2(double x) => Math.Pow(Formulas.Relu(x), 2);

    // The context of 96 is longer than the original 24.
    private static (double[] Frequencies, double Amplitude) LongRope(int width)
    {
        double[] factors = [1.5, 2, 3, 4];
        return (
            [.. Formulas.Frequencies(width).Zip(factors, (frequency, factor) => frequency / factor)],
            Math.Sqrt(1 + (Math.Log(96.0 / 24) / Math.Log(24))));
    }

    // Section 3.2 of the paper, the ramp between whole pairs: pair i turns original * frequency / 2 pi times.
    private static (double[] Frequencies, double Amplitude) Yarn(int width)
    {
        const double factor = 20, original = 64;
        double[] plain = Formulas.Frequencies(width);
        double fast = Math.Max(Math.Floor(PairThatTurns(4)), 0), slow = Math.Min(Math.Ceiling(PairThatTurns(0.5)), width - 1);
        return (
            [.. plain.Select((frequency, i) =>
            {
                double keep = 1 - Math.Clamp((i - fast) / (slow - fast), 0, 1);
                return (keep * frequency) + ((1 - keep) * frequency / factor);
            })],
            1 + (0.1 * Math.Log(factor)));

        // theta^(-2i/width) original / (2 pi) = turns.
        double PairThatTurns(double turns) => width / 2.0 * Math.Log(original / (2 * Math.PI * turns)) / Math.Log(10000);
    }
}
