using System.Text.Json.Nodes;

namespace Neuralink.Tests.Support;

/// <summary>
/// Falcon with a ReLU, its queries, keys and values in one matrix: the old decoder with one key head for all (7B) or one for each (1B), and
/// the new one with groups (40B), with one normalisation or two.
/// </summary>
public sealed class FalconFormula : FamilyFormula
{
    private const double Epsilon = 1e-5;

    private readonly bool _isNew;
    private readonly bool _multiQuery;
    private readonly bool _parallel;
    private readonly int _norms;
    private readonly bool _bias;

    public FalconFormula(bool isNew, bool multiQuery = true, bool parallel = true, int norms = 2, bool bias = false)
    {
        (_isNew, _multiQuery, _parallel, _norms, _bias) = (isNew, multiQuery, parallel, norms, bias);
        Matrix("transformer.word_embeddings.weight", Vocabulary, Hidden, 0.6 * Math.Sqrt(Hidden));
        for (int layer = 0; layer < Layers; layer++)
        {
            string p = $"transformer.h.{layer}";
            foreach (string norm in Norms)
            {
                Vector($"{p}.{norm}.weight", Hidden, 1);
                Vector($"{p}.{norm}.bias", Hidden);
            }
            Linear($"{p}.self_attention.query_key_value", (HeadCount + (2 * KvHeads)) * HeadSize, Hidden, 1.5);
            Linear($"{p}.self_attention.dense", Hidden, Hidden, 1);
            Linear($"{p}.mlp.dense_h_to_4h", 4 * Hidden, Hidden, 1);
            Linear($"{p}.mlp.dense_4h_to_h", Hidden, 4 * Hidden, 2);
        }
        Vector("transformer.ln_f.weight", Hidden, 3);
        Vector("transformer.ln_f.bias", Hidden);
    }

    public override int KvHeads => _isNew ? 2 : _multiQuery ? 1 : HeadCount;

    /// <inheritdoc/>
    public override JsonObject Config
    {
        get
        {
            JsonObject config = BaseConfig("falcon", "FalconForCausalLM");
            (config["activation"], config["alibi"], config["apply_residual_connection_post_layernorm"]) = ("relu", false, false);
            (config["bias"], config["multi_query"], config["new_decoder_architecture"]) = (_bias, _multiQuery, _isNew);
            (config["parallel_attn"], config["layer_norm_epsilon"], config["hidden_dropout"]) = (_parallel, Epsilon, 0.0);
            (config["num_kv_heads"], config["num_ln_in_parallel_attn"]) = (_isNew ? KvHeads : HeadCount, _isNew && _norms == 1 ? 1 : null);
            return config;
        }
    }

    private string[] Norms => _isNew && _norms == 2 ? ["ln_attn", "ln_mlp"]
        : _parallel ? ["input_layernorm"]
        : ["input_layernorm", "post_attention_layernorm"];

    protected override double[] Embed(int token) => Row("transformer.word_embeddings.weight", token, Hidden);

    protected override double[] Layer(int layer, double[] x, int position)
    {
        string p = $"transformer.h.{layer}";
        double[] n = Normed($"{p}.{Norms[0]}", x);
        double[][] fused = Formulas.Heads(Apply($"{p}.self_attention.query_key_value", n), HeadSize);
        (List<double[]> q, List<double[]> k, List<double[]> v) = ([], [], []);

        // The old decoder without multi-query has [heads, 3]; the others have groups of query heads with a key and a value behind them.
        int group = !_isNew && !_multiQuery ? 3 : (HeadCount / KvHeads) + 2;
        foreach (double[][] heads in fused.Chunk(group))
        {
            q.AddRange(heads[..^2]);
            k.Add(heads[^2]);
            v.Add(heads[^1]);
        }
        double[] attended = Apply($"{p}.self_attention.dense", Attend(layer, Turned(q), Turned(k), [.. v]));
        if (_parallel)
        {
            double[] input = Norms.Length == 2 ? Normed($"{p}.{Norms[1]}", x) : n;
            return Formulas.Add(Formulas.Add(x, attended), FeedForward(p, input));
        }
        x = Formulas.Add(x, attended);
        return Formulas.Add(x, FeedForward(p, Normed($"{p}.{Norms[1]}", x)));

        double[][] Turned(List<double[]> heads) =>
            [.. heads.Select(head => Formulas.Rotate(head, position, Formulas.Frequencies(HeadSize)))];
    }

    protected override double[] Logits(double[] x) =>
        Formulas.Product(W("transformer.word_embeddings.weight"), Normed("transformer.ln_f", x));

    private void Linear(string module, int rows, int columns, double gain)
    {
        Matrix($"{module}.weight", rows, columns, gain);
        if (_bias)
            Vector($"{module}.bias", rows);
    }

    private double[] FeedForward(string p, double[] n) =>
        Apply($"{p}.mlp.dense_4h_to_h", [.. Apply($"{p}.mlp.dense_h_to_4h", n).Select(Formulas.Relu)]);

    private double[] Apply(string module, double[] x) => Formulas.Product(W($"{module}.weight"), x, MaybeW($"{module}.bias"));

    private double[] Normed(string module, double[] x) => Formulas.LayerNorm(x, W($"{module}.weight"), W($"{module}.bias"), Epsilon);
}
