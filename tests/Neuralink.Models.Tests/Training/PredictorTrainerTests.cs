using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Training;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Traces;

namespace Neuralink.Models.Tests.Training;

public sealed class PredictorTrainerTests : IDisposable
{
    private const int Tokens = 2000;

    private static readonly TrainingOptions s_options = new() { Recall = 0.9, Epochs = 20, LearningRate = 0.02f, BatchTokens = 100 };

    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    private string TracePath => PathOf("a.trace");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_can_be_learnt_is_and_the_smallest_rank_that_is_enough_is_taken()
    {
        SyntheticSamples.WriteTrace(TracePath, Tokens, layers: 2);
        using ActivationTrace trace = ActivationTrace.Open(TracePath);
        List<double> progress = [];
        TrainedPredictor trained = PredictorTrainer.Train(trace, s_options, threads: 2, new Recorded(progress), CancellationToken.None);
        progress.Should().BeInAscendingOrder();
        progress[^1].Should().Be(1);
        trained.Info.Layers.Should().HaveCount(2);
        for (int i = 0; i < 2; i++)
        {
            LowRankLayer layer = trained.Info.Layers[i]!;
            trained.IsEnough(i).Should().BeTrue();
            layer.Rank.Should().Be(
                8, "half of {0} inputs are fewer than 16, and rank 3 is what there is to learn", SyntheticSamples.Inputs);
            layer.Figures!.Recall.Should().BeGreaterThan(0.88);
            layer.Figures.PredictedShare.Should().BeLessThan(2.5 * layer.Figures.TrueShare);
            layer.Figures.Curve.Select(p => p.Threshold).Should().BeInAscendingOrder().And.Contain(layer.Threshold);
            layer.Figures.Curve.Select(p => p.Recall).Should().BeInDescendingOrder();
        }
    }

    [Fact]
    public void Its_figures_are_what_its_weights_give_on_the_held_out_tokens()
    {
        SyntheticSamples.WriteTrace(TracePath, Tokens, layers: 1);
        using ActivationTrace trace = ActivationTrace.Open(TracePath);
        TrainedPredictor trained = PredictorTrainer.Train(
            trace, s_options with { Epochs = 2 }, threads: 1, progress: null, CancellationToken.None);
        LowRankLayer layer = trained.Info.Layers[0]!;
        trained.Write(PathOf("p"), replace: false);
        using LowRankFile file = LowRankFile.Open(PathOf("p"));
        NaiveLowRank naive = NaiveLowRank.Read(file, 0);
        LayerSamples samples = LayerSamples.Read(trace, layer: 0, depth: 0);
        int[] heldOut = TokenSplit.Of("", Tokens, s_options.HeldOutShare, s_options.Seed).HeldOut;
        long found = 0, predicted = 0, active = 0;
        foreach (int token in heldOut)
        {
            float[] x = new float[SyntheticSamples.Inputs];
            samples.Gather([token], x);
            float[] logits = naive.Logits(x);
            for (int n = 0; n < logits.Length; n++)
            {
                bool isPredicted = logits[n] >= layer.Threshold, isActive = samples.Active.IsActive(token, new NeuronId(n));
                predicted += isPredicted ? 1 : 0;
                active += isActive ? 1 : 0;
                found += isPredicted && isActive ? 1 : 0;
            }
        }
        double pairs = heldOut.Length * (double)SyntheticSamples.Neurons;
        layer.Figures!.Recall.Should().BeApproximately((double)found / active, 2e-3);
        layer.Figures.Precision.Should().BeApproximately((double)found / predicted, 2e-3);
        layer.Figures.PredictedShare.Should().BeApproximately(predicted / pairs, 2e-4);
        layer.Figures.TrueShare.Should().Be(active / pairs);
    }

    [Fact]
    public void Threads_change_no_byte_and_the_seed_does()
    {
        SyntheticSamples.WriteTrace(TracePath, 300, layers: 1);
        using ActivationTrace trace = ActivationTrace.Open(TracePath);
        byte[] one = Train(1, seed: 1), three = Train(3, seed: 1);
        three.Should().Equal(one);
        Train(1, seed: 2).Should().NotEqual(one);

        byte[] Train(int threads, ulong seed)
        {
            PredictorTrainer.Train(trace, s_options with { Epochs = 2, Rank = 16, Seed = seed }, threads, null, CancellationToken.None)
                .Write(PathOf("p"), replace: true);
            return File.ReadAllBytes(PathOf("p"));
        }
    }

    [Fact]
    public void A_depth_predicts_later_layers_from_earlier_inputs_and_the_first_have_none()
    {
        SyntheticSamples.WriteTrace(TracePath, Tokens, layers: 3);
        using ActivationTrace trace = ActivationTrace.Open(TracePath);
        TrainedPredictor trained = PredictorTrainer.Train(trace, s_options with { Depth = 2 }, threads: 2, null, CancellationToken.None);
        trained.Info.Depth.Should().Be(2);
        trained.Info.Layers.Select(layer => layer is not null).Should().Equal(false, false, true);
        trained.Info.Layers[2]!.Figures!.Precision.Should().BeGreaterThan(0.4, "all layers of this trace have the same inputs");
        Refused(trace, s_options with { Depth = 3 }, "a depth of at most 2", "found 3", "--depth");
    }

    [Fact]
    public void Where_no_rank_is_enough_the_best_is_kept_and_said_not_to_be()
    {
        SyntheticSamples.WriteTrace(TracePath, 400, layers: 1, isLearnable: false);
        using ActivationTrace trace = ActivationTrace.Open(TracePath);
        TrainedPredictor trained = PredictorTrainer.Train(trace, s_options with { Epochs = 2 }, threads: 1, null, CancellationToken.None);
        trained.IsEnough(0).Should().BeFalse();
        LowRankMetrics figures = trained.Info.Layers[0]!.Figures!;
        figures.Recall.Should().BeGreaterThan(0.85, "the threshold is set for it, whatever it costs");
        figures.PredictedShare.Should().BeGreaterThan(0.5);
    }

    [Fact]
    public void What_cannot_be_trained_on_is_refused_in_a_line()
    {
        SyntheticSamples.WriteTrace(TracePath, 15, layers: 1);
        using (ActivationTrace trace = ActivationTrace.Open(TracePath))
        {
            Refused(trace, s_options, "at least 16 tokens", "found 15");
            Refused(trace, s_options with { Rank = 22 }, "a rank of at most 21", "found 22");
        }
        SyntheticSamples.WriteTrace(PathOf("plain"), 20, layers: 1, hasInputs: false);
        using (ActivationTrace trace = ActivationTrace.Open(PathOf("plain")))
            Refused(trace, s_options, "layer inputs", "found one without", "neuralink trace --inputs");
    }

    [Fact]
    public void Cancelled_it_ends_at_once()
    {
        SyntheticSamples.WriteTrace(TracePath, 300, layers: 1);
        using ActivationTrace trace = ActivationTrace.Open(TracePath);
        using CancellationTokenSource stop = new();
        stop.Cancel();
        FluentActions.Invoking(() => PredictorTrainer.Train(trace, s_options, 1, null, stop.Token))
            .Should().Throw<OperationCanceledException>();
    }

    private static void Refused(ActivationTrace trace, TrainingOptions options, params string[] parts)
    {
        string message = FluentActions.Invoking(() => PredictorTrainer.Train(trace, options, 1, null, CancellationToken.None))
            .Should().Throw<NeuralinkException>().Which.Message;
        foreach (string part in parts)
            message.Should().Contain(part);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private sealed class Recorded(List<double> values) : IProgress<double>
    {
        public void Report(double value) => values.Add(value);
    }
}
