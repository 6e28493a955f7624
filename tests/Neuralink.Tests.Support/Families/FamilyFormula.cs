using System.Text.Json.Nodes;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Tests.Support;

/// <summary>
/// A small random model of a family: its config.json and tensors as they are published, and its forward pass in double precision, written
/// from the family's paper or reference implementation and not from the engine. Rows are computed one after the other.
/// </summary>
public abstract class FamilyFormula
{
    private readonly Random _random = new(5);
    private readonly Dictionary<string, double[]> _weights = new(StringComparer.Ordinal);
    private readonly List<List<double[]>> _keys = [], _values = [];      // [layer * kv heads + head][position]

    /// <summary>config.json.</summary>
    public abstract JsonObject Config { get; }

    /// <summary>The checkpoint's tensors.</summary>
    public List<RandomTensor> Tensors { get; } = [];

    public virtual int Hidden => 48;

    public virtual int HeadCount => 6;

    public virtual int KvHeads => 2;

    public virtual int HeadSize => 8;

    public virtual int Ffn => 80;

    public virtual int Layers => 3;

    public virtual int Vocabulary => 259;

    public virtual int Context => 96;

    /// <summary>Whether keys and values are rounded to f16, as the engine's cache has them.</summary>
    public bool RoundsKeysAndValues { get; set; } = true;

    /// <summary>The logits after each token, [tokens][vocabulary].</summary>
    public double[][] Forward(IReadOnlyList<int> tokens)
    {
        _keys.Clear();
        _values.Clear();
        for (int i = 0; i < Layers * KvHeads; i++)
        {
            _keys.Add([]);
            _values.Add([]);
        }
        return [.. tokens.Select((token, position) =>
        {
            double[] x = Embed(token);
            for (int layer = 0; layer < Layers; layer++)
                x = Layer(layer, x, position);
            return Logits(x);
        })];
    }

    protected abstract double[] Embed(int token);

    /// <summary>The stream after a layer.</summary>
    protected abstract double[] Layer(int layer, double[] x, int position);

    protected abstract double[] Logits(double[] x);

    /// <summary>Every query head over the keys and values of its group so far, these among them.</summary>
    protected double[] Attend(int layer, double[][] queries, double[][] keys, double[][] values)
    {
        for (int head = 0; head < KvHeads; head++)
        {
            _keys[(layer * KvHeads) + head].Add(RoundsKeysAndValues ? Formulas.Stored(keys[head]) : keys[head]);
            _values[(layer * KvHeads) + head].Add(RoundsKeysAndValues ? Formulas.Stored(values[head]) : values[head]);
        }
        int group = HeadCount / KvHeads;
        return [.. queries.SelectMany((q, head) =>
            Formulas.Attend(q, _keys[(layer * KvHeads) + (head / group)], _values[(layer * KvHeads) + (head / group)]))];
    }

    /// <summary>A weight by its published name.</summary>
    protected double[] W(string name) => _weights[name];

    /// <summary>A weight, or null where the model has none of that name.</summary>
    protected double[]? MaybeW(string name) => _weights.GetValueOrDefault(name);

    protected double[] Row(string name, int row, int width) => W(name)[(row * width)..((row + 1) * width)];

    /// <summary>Adds a matrix whose product with a normalised row has this standard deviation.</summary>
    protected void Matrix(string name, int rows, int columns, double gain = 1) =>
        Add(name, [rows, columns], () => gain / Math.Sqrt(columns) * Normal());

    protected void Vector(string name, int length, double mean = 0, double deviation = 0.2) =>
        Add(name, [length], () => mean + (deviation * Normal()));

    protected JsonObject BaseConfig(string modelType, string architecture) => new()
    {
        ["architectures"] = new JsonArray(architecture),
        ["model_type"] = modelType,
        ["vocab_size"] = Vocabulary,
        ["hidden_size"] = Hidden,
        ["num_hidden_layers"] = Layers,
        ["num_attention_heads"] = HeadCount,
        ["max_position_embeddings"] = Context,
        ["bos_token_id"] = null,
        ["eos_token_id"] = ByteTokenizer.EndToken,
        ["torch_dtype"] = "float32",
        ["use_cache"] = true,
    };

    private void Add(string name, long[] shape, Func<double> draw)
    {
        float[] values = [.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => (float)draw())];
        Tensors.Add(new RandomTensor(name, SafetensorsDtype.F32, shape, values));
        _weights.Add(name, Array.ConvertAll(values, v => (double)v));
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
