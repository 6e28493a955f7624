using System.Numerics.Tensors;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>
/// The matrices that decide activity once more, rounded to 8 bits (w~ of a row w). Their product with the input rounded to 16 bits (x~) has
/// half of the bytes and a fraction of the work, and says for certain of most neurons that they are not active:
/// <code>
/// |w x - w~ x~| = |(w - w~) x + w~ (x - x~)| &lt;= |w - w~| |x| + |w~| |x - x~|
/// </code>
/// by Cauchy and Schwarz, with the distances as they are and not as they are expected. To this comes what both products lose by summing in
/// float32. A neuron whose product is below the threshold by more than that is not active; of the others the exact product decides. So
/// nothing is approximate but the work.
/// </summary>
internal sealed class GateScreen
{
    // Where more than this part of a layer has to be decided exactly, screening it does not pay; it is tried again after so many passes.
    private const int DecidedPartMax = 3, RestPasses = 32;

    // Below it squares are no normal numbers any more, and norms mean nothing; and the least that the norm of a row is taken for.
    private const float NormMin = 1e-10f, RowNormMin = 1e-12f;

    // How far a value of the input may be from its level: half a step, and what float32 adds.
    private const float RoundingMax = 0.51f;

    // Covers the roundings of the bound itself, and of the distances that it is made of.
    private const float Slack = 1.001f;

    private readonly Layer[] _layers;
    private readonly NativeBuffer _input;      // [padded columns], 16 bits each
    private readonly int _columns;
    private Layer _layer;
    private float _inputScale;
    private float _ofErrors;       // |x|
    private float _ofNorms;        // |x - x~|, and what is lost by summing

    /// <param name="arena">Has <see cref="RequiredBytes"/> left.</param>
    /// <param name="layers">The matrices, of float formats.</param>
    /// <param name="pool">Shares the work.</param>
    public GateScreen(NativeArena arena, Linear[] layers, WorkerPool pool)
    {
        _columns = layers[0].Columns;
        _input = arena.Allocate(InputBytes(_columns), "gate screen");
        _layers = new Layer[layers.Length];
        for (int i = 0; i < layers.Length; i++)
        {
            bool isShared = i > 0 && ReferenceEquals(layers[i], layers[0]);
            _layers[i] = isShared ? _layers[0] : new Layer(arena, layers[i]);
            if (!isShared)
                pool.Run(_layers[i], layers[i].Rows, grain: 16);
        }
        _layer = _layers[0];
    }

    /// <summary>Whether a model's gates can be screened: what is not rectified has no threshold of the gate itself.</summary>
    public static bool Serves(ModelConfig config, WeightFormat format) =>
        !WeightKernels.For(format).QuantizesInput
        && Enumerable.Range(0, config.LayerCount).All(layer => config.ActivationOf(layer).IsRectified);

    public static long RequiredBytes(ModelConfig config)
    {
        long matrix = NativeArena.Aligned((long)config.FfnSize * ScreenRows.Padded(config.HiddenSize));
        return NativeArena.Aligned(InputBytes(config.HiddenSize))
            + (config.FfnCount * (matrix + FloatTensor.RequiredBytes(Layer.BoundRows, config.FfnSize)));
    }

    /// <summary>What follows is of this layer and this input, [d]. False where it is not to be screened.</summary>
    public bool Begin(int layer, ReadOnlySpan<float> x)
    {
        _layer = _layers[layer];
        if (_layer.PassesOfRest > 0)
        {
            _layer.PassesOfRest--;
            return false;
        }
        float norm = Slack * TensorPrimitives.Norm(x);
        if (!(norm >= NormMin && norm <= float.MaxValue))
            return false;
        _inputScale = ScreenRows.EncodeInput(x, Input);
        float distance = Slack * RoundingMax * _inputScale * MathF.Sqrt(_columns);
        // A sum of n products in float32, in any order, is off by at most n 2^-24 times the product of the norms; the rest is for the
        // roundings of the few numbers that are multiplied with or added to one.
        float lost = (_columns + 32) * 2 * MathF.ScaleB(1, -24);
        (_ofErrors, _ofNorms) = (Slack * norm, Slack * (distance + (lost * (norm + distance))));
        return true;
    }

    /// <summary>What <see cref="Bound"/> must exceed where a value exceeds <paramref name="threshold"/>.</summary>
    public float Limit(float threshold) => threshold - _layer.OfBias;

    /// <summary>upper[i] is at least the exact value of neuron <paramref name="begin"/> + i.</summary>
    public void Bound(int begin, Span<float> upper)
    {
        Range range = begin..(begin + upper.Length);
        ScreenRows.Multiply(_layer.Rounded(begin, upper.Length), Input, upper);
        TensorPrimitives.Multiply(upper, _inputScale, upper);
        TensorPrimitives.Multiply(upper, _layer.Bounds.Row(0)[range], upper);
        TensorPrimitives.MultiplyAdd(_layer.Bounds.Row(1)[range], _ofErrors, upper, upper);
        TensorPrimitives.MultiplyAdd(_layer.Bounds.Row(2)[range], _ofNorms, upper, upper);
        if (_layer.Bias is { } bias)
            TensorPrimitives.Add(upper, bias.Row(0)[range], upper);
    }

    /// <summary>So many neurons of the layer had to be decided exactly.</summary>
    public void End(int decided)
    {
        if (decided * DecidedPartMax > _layer.Bounds.Columns)
            _layer.PassesOfRest = RestPasses;
    }

    private Span<short> Input => _input.Span<short>(0, ScreenRows.Padded(_columns));

    private static long InputBytes(int columns) => ScreenRows.Padded(columns) * sizeof(short);

    private sealed class Layer(NativeArena arena, Linear exact) : IParallelBody
    {
        public const int BoundRows = 3;

        private readonly int _padded = ScreenRows.Padded(exact.Columns);
        private readonly NativeBuffer _rounded =
            arena.Allocate((long)exact.Rows * ScreenRows.Padded(exact.Columns), "gate screen");     // [f, padded]

        /// <summary>[3, f]: the scale of w~, |w - w~|, and the larger of |w| and |w~|.</summary>
        public FloatTensor Bounds { get; } = new(arena, BoundRows, exact.Rows, "gate screen");

        public FloatTensor? Bias => exact.Bias;

        /// <summary>What adding the bias may lose.</summary>
        public float OfBias { get; } = exact.Bias is { } bias
            ? MathF.Abs(TensorPrimitives.MaxMagnitude<float>(bias.Row(0))) * MathF.ScaleB(1, -20)
            : 0;

        public int PassesOfRest { get; set; }

        public Span<sbyte> Rounded(int begin, int count) => _rounded.Span<sbyte>((long)begin * _padded, count * _padded);

        /// <summary>Rounds a share of the rows.</summary>
        public void Execute(int begin, int end, int worker)
        {
            float[] row = new float[exact.Columns], rounded = new float[exact.Columns];
            for (int n = begin; n < end; n++)
            {
                exact.Weights.Kernels.Decode(exact.Weights.Row(n), row);
                float scale = ScreenRows.Encode(row, Rounded(n, 1));
                ScreenRows.Decode(Rounded(n, 1), scale, rounded);
                float norm = MathF.Max(TensorPrimitives.Norm<float>(row), TensorPrimitives.Norm<float>(rounded));
                Bounds.Row(0)[n] = scale;
                Bounds.Row(1)[n] = Slack * TensorPrimitives.Distance<float>(row, rounded);
                Bounds.Row(2)[n] = RowNormMin + (Slack * norm);
            }
        }
    }
}
