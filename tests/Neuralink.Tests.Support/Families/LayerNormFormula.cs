using System.Text.Json.Nodes;

namespace Neuralink.Tests.Support;

/// <summary>Nemotron: LayerNorm1p, a part of each head rotated, squared ReLU without a gate.</summary>
public sealed class NemotronFormula : FamilyFormula
{
    private const double Epsilon = 1e-5;

    public NemotronFormula()
    {
        Matrix("model.embed_tokens.weight", Vocabulary, Hidden, 0.6 * Math.Sqrt(Hidden));
        for (int layer = 0; layer < Layers; layer++)
        {
            string p = $"model.layers.{layer}";
            Norm($"{p}.input_layernorm");
            Matrix($"{p}.self_attn.q_proj.weight", HeadCount * HeadSize, Hidden, 1.5);
            Matrix($"{p}.self_attn.k_proj.weight", KvHeads * HeadSize, Hidden, 1.5);
            Matrix($"{p}.self_attn.v_proj.weight", KvHeads * HeadSize, Hidden);
            Matrix($"{p}.self_attn.o_proj.weight", Hidden, HeadCount * HeadSize);
            Norm($"{p}.post_attention_layernorm");
            Matrix($"{p}.mlp.up_proj.weight", Ffn, Hidden);
            Matrix($"{p}.mlp.down_proj.weight", Hidden, Ffn);
        }
        Norm("model.norm");
        Matrix("lm_head.weight", Vocabulary, Hidden, 4);
    }

    /// <inheritdoc/>
    public override JsonObject Config
    {
        get
        {
            JsonObject config = BaseConfig("nemotron", "NemotronForCausalLM");
            (config["hidden_act"], config["intermediate_size"], config["norm_eps"]) = ("relu2", Ffn, Epsilon);
            (config["num_key_value_heads"], config["partial_rotary_factor"], config["rope_theta"]) = (KvHeads, 0.5, 500);
            (config["attention_bias"], config["mlp_bias"], config["tie_word_embeddings"]) = (false, false, false);
            config["head_dim"] = HeadSize;
            return config;
        }
    }

    protected override double[] Embed(int token) => Row("model.embed_tokens.weight", token, Hidden);

    protected override double[] Layer(int layer, double[] x, int position)
    {
        string p = $"model.layers.{layer}";
        double[] n = Normed($"{p}.input_layernorm", x);
        double[] attended = Attend(layer, Turned("q_proj"), Turned("k_proj"), Formulas.Heads(Project("v_proj"), HeadSize));
        x = Formulas.Add(x, Formulas.Product(W($"{p}.self_attn.o_proj.weight"), attended));
        double[] up = Formulas.Product(W($"{p}.mlp.up_proj.weight"), Normed($"{p}.post_attention_layernorm", x));
        return Formulas.Add(x, Formulas.Product(W($"{p}.mlp.down_proj.weight"), [.. up.Select(u => Math.Pow(Formulas.Relu(u), 2))]));

        double[] Project(string name) => Formulas.Product(W($"{p}.self_attn.{name}.weight"), n);
        double[][] Turned(string name) =>
        [
            .. Formulas.Heads(Project(name), HeadSize)
                .Select(head => Formulas.Rotate(head, position, Formulas.Frequencies(HeadSize / 2, 500))),
        ];
    }

    protected override double[] Logits(double[] x) => Formulas.Product(W("lm_head.weight"), Normed("model.norm", x));

    private void Norm(string module)
    {
        Vector($"{module}.weight", Hidden);
        Vector($"{module}.bias", Hidden);
    }

    private double[] Normed(string module, double[] x) =>
        Formulas.LayerNorm(x, W($"{module}.weight"), W($"{module}.bias"), Epsilon, added: 1);
}

/// <summary>Phi-2: one LayerNorm for attention and FFN side by side, 0.4 of a head rotated, biases everywhere.</summary>
public sealed class PhiFormula : FamilyFormula
{
    private const double Epsilon = 1e-5;

    public PhiFormula()
    {
        Matrix("model.embed_tokens.weight", Vocabulary, Hidden, 0.6 * Math.Sqrt(Hidden));
        for (int layer = 0; layer < Layers; layer++)
        {
            string p = $"model.layers.{layer}";
            Linear($"{p}.input_layernorm", Hidden, 0);
            foreach (string name in (string[])["q_proj", "k_proj", "v_proj"])
                Linear($"{p}.self_attn.{name}", HeadCount * HeadSize, Hidden);
            Linear($"{p}.self_attn.dense", Hidden, HeadCount * HeadSize);
            Linear($"{p}.mlp.fc1", Ffn, Hidden);
            Linear($"{p}.mlp.fc2", Hidden, Ffn);
        }
        Linear("model.final_layernorm", Hidden, 0);
        Matrix("lm_head.weight", Vocabulary, Hidden, 4);
        Vector("lm_head.bias", Vocabulary);
    }

    public override int KvHeads => HeadCount;

    public override int HeadSize => 10;

    public override int Hidden => 60;

    /// <inheritdoc/>
    public override JsonObject Config
    {
        get
        {
            JsonObject config = BaseConfig("phi", "PhiForCausalLM");
            (config["hidden_act"], config["intermediate_size"], config["layer_norm_eps"]) = ("gelu_new", Ffn, Epsilon);
            (config["num_key_value_heads"], config["partial_rotary_factor"], config["rope_theta"]) = (null, 0.4, 10000.0);
            (config["qk_layernorm"], config["tie_word_embeddings"]) = (false, false);
            (config["rope_scaling"], config["resid_pdrop"]) = (null, 0.1);
            return config;
        }
    }

    protected override double[] Embed(int token) => Row("model.embed_tokens.weight", token, Hidden);

    protected override double[] Layer(int layer, double[] x, int position)
    {
        string p = $"model.layers.{layer}";
        double[] n = Normed($"{p}.input_layernorm", x);
        double[] attended = Attend(
            layer, Turned("q_proj"), Turned("k_proj"), Formulas.Heads(Apply($"{p}.self_attn.v_proj", n), HeadSize));
        double[] h = [.. Apply($"{p}.mlp.fc1", n).Select(Formulas.GeluNew)];
        return Formulas.Add(Formulas.Add(x, Apply($"{p}.self_attn.dense", attended)), Apply($"{p}.mlp.fc2", h));

        double[][] Turned(string name) =>
        [
            .. Formulas.Heads(Apply($"{p}.self_attn.{name}", n), HeadSize)
                .Select(head => Formulas.Rotate(head, position, Formulas.Frequencies(4))),
        ];
    }

    protected override double[] Logits(double[] x) => Apply("lm_head", Normed("model.final_layernorm", x));

    private void Linear(string module, int rows, int columns)
    {
        if (columns == 0)
            Vector($"{module}.weight", rows, 1);
        else
            Matrix($"{module}.weight", rows, columns, 1.2);
        Vector($"{module}.bias", rows);
    }

    private double[] Apply(string module, double[] x) => Formulas.Product(W($"{module}.weight"), x, W($"{module}.bias"));

    private double[] Normed(string module, double[] x) => Formulas.LayerNorm(x, W($"{module}.weight"), W($"{module}.bias"), Epsilon);
}
