using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage.Memory;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Inference.Predictors;

/// <summary>An exact predictor with a screen is the one without, to the bit.</summary>
public sealed class GateScreenTests : IDisposable
{
    private const int Neurons = 157, Layers = 2;

    private readonly NativeArena _arena = new(64 << 20);
    private readonly WorkerPool _pool = new(2);

    public static TheoryData<WeightFormat, int, bool, float> Setups => new()
    {
        { WeightFormat.F16, 256, false, 0 },
        { WeightFormat.F16, 40, true, 0 },
        { WeightFormat.BF16, 129, true, 0.3f },
        { WeightFormat.F32, 1, true, 0 },
        { WeightFormat.F32, 515, false, 0.1f },
    };

    public void Dispose()
    {
        _pool.Dispose();
        _arena.Dispose();
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public void The_same_neurons_are_active_with_the_same_values(WeightFormat format, int columns, bool biased, float threshold)
    {
        ModelConfig config = Config(columns, biased, threshold);
        // So that a tenth is active.
        (ExactPredictor plain, ExactPredictor screened) = Predictors(config, format, offset: -0.8f / MathF.Sqrt(columns));
        Random random = new(columns);
        FloatTensor input = new(_arena, 1, columns, "input");
        int active = 0;
        for (int pass = 0; pass < 150; pass++)
        {
            // Of all sizes, small ones too whose squares are no normal numbers, with now and then a value that stands out.
            float size = pass % 3 == 0 ? MathF.Pow(10, random.Next(-24, 9)) : 1;
            foreach (ref float value in input.Row(0))
                value = size * (float)random.NextDouble() * (random.Next(50) == 0 ? 3 : 1);
            active += Compare(plain, screened, pass % Layers, input);
        }
        active.Should().BePositive();
    }

    // Values that are just at the threshold: a neuron's weights are those of another whose sum is exactly 0, and one more of a last place.
    [Fact]
    public void What_is_a_last_place_above_the_threshold_is_active()
    {
        const int Columns = 64;
        (ExactPredictor plain, ExactPredictor screened) = Predictors(Config(Columns, biased: false, 0), WeightFormat.F32, offset: 0, row =>
        {
            for (int c = Columns / 2; c < Columns; c++)
                row[c] = -row[c - (Columns / 2)];
            row[0] = MathF.BitIncrement(row[0]);
        });
        FloatTensor input = new(_arena, 1, Columns, "input");
        input.Row(0).Fill(1);
        Compare(plain, screened, 0, input).Should().BeInRange(1, Neurons - 1);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void An_input_that_has_no_norm_is_not_screened(float value)
    {
        ModelConfig config = Config(96, biased: true, 0);
        (ExactPredictor plain, ExactPredictor screened) = Predictors(config, WeightFormat.F16, offset: 0);
        FloatTensor input = new(_arena, 1, 96, "input");
        input.Row(0)[5] = value;
        Compare(plain, screened, 1, input);
    }

    // All are active: screening rests. Then few are, and it goes on.
    [Fact]
    public void A_layer_of_which_most_is_active_is_predicted_all_the_same()
    {
        (ExactPredictor plain, ExactPredictor screened) = Predictors(Config(96, biased: false, 0), WeightFormat.F16, offset: -2);
        FloatTensor input = new(_arena, 1, 96, "input");
        input.Row(0).Fill(-1);
        for (int pass = 0; pass < 40; pass++)
            Compare(plain, screened, 0, input).Should().Be(Neurons);
        input.Row(0).Fill(1);
        for (int pass = 0; pass < 40; pass++)
            Compare(plain, screened, 0, input).Should().BeLessThan(Neurons / 3);
    }

    [Fact]
    public void A_screen_takes_what_it_says()
    {
        ModelConfig config = Config(129, biased: true, 0);
        (ExactPredictor plain, _) = Predictors(config, WeightFormat.F16, offset: 0);
        long before = _arena.UsedBytes;
        plain.AddScreen(_arena, _pool);
        (_arena.UsedBytes - before).Should().Be(ExactPredictor.ScreenBytes(config, WeightFormat.F16));
        ExactPredictor.ScreenBytes(config, WeightFormat.Q8_0).Should().BeNull("those products round their input too");
        ExactPredictor.ScreenBytes(config with { Activation = ActivationKind.Silu }, WeightFormat.F16).Should().BeNull();
    }

    private int Compare(ExactPredictor plain, ExactPredictor screened, int layer, FloatTensor input)
    {
        NeuronSet expected = new(Neurons), found = new(Neurons);
        int pairs = plain.Predict(_pool, layer, input, 1, expected);
        screened.Predict(_pool, layer, input, 1, found).Should().Be(pairs);
        found.Ids.ToArray().Should().Equal(expected.Ids.ToArray());
        float[] value = new float[1], held = new float[1];
        foreach (NeuronId id in expected.Ids)
        {
            plain.Held(id.Value, value);
            screened.Held(id.Value, held);
            held[0].Should().Be(value[0]);
        }
        return pairs;
    }

    private static ModelConfig Config(int columns, bool biased, float threshold)
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        return HuggingFaceConfig.Read(model.Folder) with
        {
            HiddenSize = columns,
            FfnSize = Neurons,
            LayerCount = Layers,
            FfnBias = biased,
            Activation = ActivationKind.FatRelu,
            ActivationThreshold = threshold,
        };
    }

    private (ExactPredictor Plain, ExactPredictor Screened) Predictors(
        ModelConfig config, WeightFormat format, float offset, Action<float[]>? change = null)
    {
        ExactPredictor plain = Load(), screened = Load();
        screened.AddScreen(_arena, _pool);
        return (plain, screened);

        ExactPredictor Load() =>
            ExactPredictor.Load(new RandomGates(_arena, offset, change), _arena, config, format, chunkTokens: 1, threads: 2);
    }

    /// <summary>Weights from one seed, around an offset; every fifth row is zero, every seventh tiny.</summary>
    private sealed class RandomGates(NativeArena arena, float offset, Action<float[]>? change) : IWeightLoader
    {
        private readonly Random _random = new(11);

        public NativeBuffer Load(WeightFormat format, params ReadOnlySpan<TensorSpec> tensors)
        {
            TensorSpec spec = tensors[0];
            int rows = spec.Columns == 0 ? 1 : spec.Rows, columns = spec.Columns == 0 ? spec.Rows : spec.Columns;
            WeightKernels kernels = WeightKernels.For(format);
            int rowBytes = kernels.RowBytes(columns);
            NativeBuffer buffer = arena.Allocate((long)rows * rowBytes, "weights");
            for (int n = 0; n < rows; n++)
            {
                float size = rows == 1 ? 0.1f : offset < -1 ? 1 : n % 5 == 1 ? 0 : n % 7 == 2 ? 1e-6f : 1;
                float[] row = [.. Enumerable.Range(0, columns).Select(_ => size * (offset + ((float)_random.NextDouble() * 2) - 1))];
                change?.Invoke(row);
                kernels.Encode(row, buffer.Bytes((long)n * rowBytes, rowBytes));
            }
            return buffer;
        }

        public WeightRows LoadRows(WeightFormat format, TensorSpec matrix) => throw new NotSupportedException();
    }
}
