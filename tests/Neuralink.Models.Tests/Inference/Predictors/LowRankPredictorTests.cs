using Neuralink.Kernels;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Tests.Training;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Tests.Inference.Predictors;

public sealed class LowRankPredictorTests : IDisposable
{
    private const int Chunk = 7;

    // Of a sum of 33 products; a logit as near to the threshold as this may be on either side.
    private const float LogitError = 1e-4f;

    private readonly string _path = Path.GetTempFileName();
    private readonly NativeArena _arena = new(1 << 20);
    private readonly FloatTensor _input;

    public LowRankPredictorTests()
    {
        _input = new FloatTensor(_arena, Chunk, RandomLowRank.HiddenSize, "input");
        Random random = new(3);
        foreach (ref float value in _input.First(Chunk))
            value = random.NextSingle() - 0.5f;
    }

    public void Dispose()
    {
        _arena.Dispose();
        File.Delete(_path);
    }

    [Theory]
    [InlineData(SafetensorsDtype.F16, 1, "low-rank")]
    [InlineData(SafetensorsDtype.F16, 3, "low-rank")]
    [InlineData(SafetensorsDtype.F32, 2, "low-rank")]
    [InlineData(SafetensorsDtype.F16, 2, "svd")]
    public void A_neuron_is_predicted_if_any_rows_logit_reaches_the_threshold(SafetensorsDtype dtype, int threads, string kind)
    {
        RandomLowRank.Write(_path, dtype, metadata => metadata["kind"] = kind);
        using LowRankFile file = LowRankFile.Open(_path);
        LowRankPredictor predictor = LowRankPredictor.Load(file, _arena, Chunk, threads);
        (predictor.Depth, predictor.Input).Should().Be((1, PredictorInput.FfnInput));
        predictor.Covers(0).Should().BeTrue();
        predictor.Covers(1).Should().BeFalse();
        using WorkerPool pool = new(threads);
        NeuronSet set = new(RandomLowRank.NeuronCount);
        foreach (int layer in (int[])[0, 2])
        {
            float threshold = file.Info.Layers[layer]!.Threshold;
            NaiveLowRank naive = NaiveLowRank.Read(file, layer);
            foreach (int batch in (int[])[1, 2, Chunk])
            {
                float[][] logits = [.. Enumerable.Range(0, batch).Select(b => naive.Logits(_input.Row(b)))];
                int pairs = predictor.Predict(pool, layer, _input, batch, set);
                pairs.Should().BeInRange(Pairs(logits, threshold + LogitError), Pairs(logits, threshold - LogitError)).And.BeGreaterThan(0);
                HashSet<int> found = [.. set.Ids.ToArray().Select(id => id.Value)];
                for (int n = 0; n < RandomLowRank.NeuronCount; n++)
                {
                    float highest = logits.Max(row => row[n]);
                    if (Math.Abs(highest - threshold) > LogitError)
                        found.Contains(n).Should().Be(highest >= threshold, "of layer {0}, batch {1}, neuron {2}", layer, batch, n);
                }
            }
        }
        predictor.Invoking(p => p.Predict(pool, 1, _input, 1, set)).Should().Throw<InvalidOperationException>();

        static int Pairs(float[][] logits, float threshold) => logits.Sum(row => row.Count(logit => logit >= threshold));
    }

    [Fact]
    public void Any_number_of_threads_predicts_the_same()
    {
        RandomLowRank.Write(_path);
        using LowRankFile file = LowRankFile.Open(_path);
        using WorkerPool one = new(1), three = new(3);
        LowRankPredictor predictor = LowRankPredictor.Load(file, _arena, Chunk, threads: 3);
        NeuronSet set = new(RandomLowRank.NeuronCount);
        int pairs = predictor.Predict(one, 2, _input, Chunk, set);
        int[] alone = [.. set.Ids.ToArray().Select(id => id.Value)];
        predictor.Predict(three, 2, _input, Chunk, set).Should().Be(pairs);
        set.Ids.ToArray().Select(id => id.Value).Should().Equal(alone);
        alone.Should().NotBeEmpty();
    }

    [Fact]
    public void An_input_that_has_changed_is_predicted_anew()
    {
        RandomLowRank.Write(_path);
        using LowRankFile file = LowRankFile.Open(_path);
        using WorkerPool pool = new(1);
        LowRankPredictor predictor = LowRankPredictor.Load(file, _arena, Chunk, threads: 1);
        NeuronSet set = new(RandomLowRank.NeuronCount);
        predictor.Predict(pool, 2, _input, 1, set);
        set.Count.Should().BePositive();
        _input.Row(0).Clear();
        predictor.Predict(pool, 2, _input, 1, set);
        set.Count.Should().Be(0, "without a bias and with no input all logits are 0, below {0}", file.Info.Layers[2]!.Threshold);
    }

    [Fact]
    public void A_weight_that_is_not_finite_is_refused_with_its_tensors_name()
    {
        RandomLowRank.Write(_path);
        byte[] bytes = File.ReadAllBytes(_path);
        bytes[^1] |= 0x7C;
        File.WriteAllBytes(_path, bytes);
        using LowRankFile file = LowRankFile.Open(_path);
        FluentActions.Invoking(() => LowRankPredictor.Load(file, _arena, Chunk, threads: 1)).Should().Throw<NeuralinkException>()
            .WithMessage($"cannot read tensor layers.2.fc2.weight: expected finite weights, found*{_path}*");
    }

    [Fact]
    public void It_takes_the_memory_it_says_and_predicting_allocates_nothing()
    {
        RandomLowRank.Write(_path);
        using LowRankFile file = LowRankFile.Open(_path);
        long required = LowRankPredictor.RequiredBytes(file.Info, Chunk);
        using NativeArena exact = new(required);
        LowRankPredictor predictor = LowRankPredictor.Load(file, exact, Chunk, threads: 2);
        exact.UsedBytes.Should().BeInRange(required - 63, required);
        using WorkerPool pool = new(2);
        NeuronSet set = new(RandomLowRank.NeuronCount);
        // Waiting for the other worker may allocate the first time that it comes to waiting.
        Enumerable.Range(0, 5).Min(_ => Allocated()).Should().Be(0);

        long Allocated()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
                predictor.Predict(pool, i % 2 * 2, _input, Chunk, set);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
