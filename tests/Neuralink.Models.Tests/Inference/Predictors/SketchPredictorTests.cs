using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Inference.Predictors;

/// <summary>Held against the exact predictor of the same image, on random inputs of the size that a norm gives.</summary>
public sealed class SketchPredictorTests
{
    private const int Tokens = 24;

    public static TheoryData<string> Names => new("llama-relu", "mistral-fatrelu", "opt", "opt-post-norm");

    public static TheoryData<int> Bits => new(2, 3, 4);

    [Theory]
    [MemberData(nameof(Names))]
    public void Four_bits_find_nearly_all_that_fire_with_few_others(string name)
    {
        using Loaded model = new(RandomModels.ByName(name), 4, margin: 1);
        (double recall, double share) = model.Compare(model.Sketch);
        recall.Should().BeGreaterThan(0.95);
        share.Should().BeInRange(0.95, 1.4);
    }

    [Theory]
    [MemberData(nameof(Bits))]
    public void At_its_default_margin_each_number_of_bits_reaches_the_wanted_recall_within_the_wanted_share(int bits)
    {
        using Loaded model = new(RandomModels.LlamaRelu, bits, SketchPredictor.DefaultMargin(bits));
        (double recall, double share) = model.Compare(model.Sketch);
        recall.Should().BeGreaterThan(0.95);
        share.Should().BeLessThan(2.5);
    }

    [Theory]
    [MemberData(nameof(Bits))]
    public void A_larger_margin_predicts_all_of_what_a_smaller_one_does_and_more(int bits)
    {
        using Loaded model = new(RandomModels.LlamaRelu, bits, margin: 0);
        double recallBefore = 0, shareBefore = 0;
        foreach (float margin in (ReadOnlySpan<float>)[-1, 0, 1, 3])
        {
            model.Sketch.Margin = margin;
            (double recall, double share) = model.Compare(model.Sketch);
            recall.Should().BeGreaterThanOrEqualTo(recallBefore);
            share.Should().BeGreaterThan(shareBefore);
            (recallBefore, shareBefore) = (recall, share);
        }
        recallBefore.Should().BeGreaterThan(0.99);
    }

    [Fact]
    public void Margins_count_deviations_of_the_error_whatever_the_bits()
    {
        // Of the neurons that fire, those that a sketch without a margin misses are the ones whose error is below minus their gate:
        // at two deviations few are left.
        foreach (int bits in (ReadOnlySpan<int>)[2, 3, 4])
        {
            using Loaded model = new(RandomModels.OptPreNorm, bits, margin: 2);
            model.Compare(model.Sketch).Recall.Should().BeGreaterThan(0.985, "of {0} bits", bits);
            model.Sketch.Margin = 0;
            model.Compare(model.Sketch).Recall.Should().BeInRange(0.8, 0.985, "of {0} bits", bits);
        }
    }

    [Theory]
    [MemberData(nameof(Bits))]
    public void Sets_depend_neither_on_threads_nor_on_the_batch(int bits)
    {
        using Loaded model = new(RandomModels.LlamaRelu, bits, margin: 0.5f);
        int neurons = model.Config.FfnSize;
        HashSet<(int Token, int Neuron)> one = model.Pairs(1, threads: 1);
        one.Should().NotBeEmpty();
        model.Pairs(1, threads: 3).SetEquals(one).Should().BeTrue();
        HashSet<int> union = [.. one.Select(pair => pair.Neuron)];
        NeuronSet set = new(neurons);
        using WorkerPool pool = new(2);
        int pairs = model.Sketch.Predict(pool, 1, model.Input, Tokens, set);
        pairs.Should().Be(one.Count);
        set.Ids.ToArray().Select(id => id.Value).Should().Equal(union.Order());
    }

    [Theory]
    [MemberData(nameof(Bits))]
    public void It_takes_the_memory_it_says_and_allocates_nothing_afterwards(int bits)
    {
        using Loaded model = new(RandomModels.OptPreNorm, bits, margin: 1);
        model.SketchBytes.Should().Be(SketchPredictor.RequiredBytes(model.Config, bits, Tokens));
        using WorkerPool pool = new(1);
        NeuronSet set = new(model.Config.FfnSize);
        model.Sketch.Predict(pool, 0, model.Input, 3, set);
        long before = GC.GetAllocatedBytesForCurrentThread();
        model.Sketch.Predict(pool, 1, model.Input, 3, set);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    [Fact]
    public void An_input_that_is_not_finite_predicts_nothing_for_its_token_alone()
    {
        using Loaded model = new(RandomModels.LlamaRelu, 4, margin: 1);
        HashSet<(int Token, int Neuron)> before = model.Pairs(1, threads: 1);
        model.Input.Row(5)[7] = float.NaN;
        model.Pairs(1, threads: 1).SetEquals(before.Where(pair => pair.Token != 5)).Should().BeTrue();
    }

    private sealed class Loaded : IDisposable
    {
        private readonly RandomModel _model;
        private readonly PackedModel _packed;
        private readonly NativeArena _arena = new(64 << 20);
        private readonly ExactPredictor _exact;

        public Loaded(RandomModelSpec spec, int bits, float margin)
        {
            _model = new RandomModel(spec);
            _packed = new PackedModel(_model.Folder);
            FlashImage image = FlashImage.Open(_packed.Folder);
            ImageModel packed = ImageModel.Of(image);
            (Config, WeightFormat format) = (packed.Config, packed.Formats.Predictor);
            Sketch = ImageTensors.ReadPredictor(
                packed, FlashAccess.Direct,
                tensors => SketchPredictor.Load(tensors, _arena, Config, bits, margin, Tokens, threads: 3), CancellationToken.None);
            SketchBytes = _arena.UsedBytes;
            WeightFile weights = WeightFile.Load(packed, TensorPlace.Predictor, _arena, FlashAccess.Direct, CancellationToken.None);
            _exact = ExactPredictor.Load(weights, _arena, Config, format, Tokens, threads: 3);
            Input = new FloatTensor(_arena, Tokens, Config.HiddenSize, "input");
            Random random = new(3);
            foreach (ref float value in Input.First(Tokens))
                value = (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2);
        }

        public ModelConfig Config { get; }

        public SketchPredictor Sketch { get; }

        public long SketchBytes { get; }

        public FloatTensor Input { get; }

        /// <summary>Over all layers: the share of the active pairs that is predicted, and the predicted pairs by the activity.</summary>
        public (double Recall, double Share) Compare(NeuronPredictor predictor)
        {
            int active = 0, predicted = 0, found = 0;
            for (int layer = 0; layer < Config.LayerCount; layer++)
            {
                HashSet<(int, int)> truth = Pairs(_exact, layer, 1), guess = Pairs(predictor, layer, 1);
                active += truth.Count;
                predicted += guess.Count;
                guess.IntersectWith(truth);
                found += guess.Count;
            }
            return ((double)found / active, (double)predicted / active);
        }

        public HashSet<(int Token, int Neuron)> Pairs(int layer, int threads) => Pairs(Sketch, layer, threads);

        public void Dispose()
        {
            _arena.Dispose();
            _packed.Dispose();
            _model.Dispose();
        }

        /// <summary>Predicts each token by itself.</summary>
        private HashSet<(int Token, int Neuron)> Pairs(NeuronPredictor predictor, int layer, int threads)
        {
            using WorkerPool pool = new(threads);
            using NativeArena arena = new(1 << 20);
            FloatTensor one = new(arena, 1, Config.HiddenSize, "input");
            NeuronSet set = new(Config.FfnSize);
            HashSet<(int, int)> pairs = [];
            for (int token = 0; token < Tokens; token++)
            {
                Input.Row(token).CopyTo(one.Row(0));
                predictor.Predict(pool, layer, one, 1, set);
                foreach (NeuronId id in set.Ids)
                    pairs.Add((token, id.Value));
            }
            return pairs;
        }
    }
}
