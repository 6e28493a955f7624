using Neuralink.Models.Checkpoints;
using Neuralink.Evaluation;
using Neuralink.Kernels;
using Neuralink.Models.Inference;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Evaluation;

/// <summary>Perplexity over windows is the dense reference's, and a predictor's cost is what it is: nothing where it is exact.</summary>
public sealed class QualityMeterTests : IDisposable
{
    private const int Window = 24, Stride = 10;

    private readonly RandomModel _model = new(RandomModels.LlamaRelu);
    private readonly PackedModel _image;
    private readonly int[][] _texts;

    public QualityMeterTests()
    {
        _image = new PackedModel(_model.Folder);
        Random random = new(5);
        _texts =
        [
            .. ((int[])[57, 9]).Select(length => Enumerable.Range(0, length).Select(_ => random.Next(ByteTokenizer.EndToken)).ToArray())
        ];
    }

    public void Dispose()
    {
        _image.Dispose();
        _model.Dispose();
    }

    [Fact]
    public async Task Over_sliding_windows_it_is_the_dense_references_token_by_token()
    {
        using WorkerPool pool = new(1);
        using Checkpoint folder = Checkpoint.Open(_model.Folder);
        using DenseReference reference = new(folder, pool);
        double sum = 0;
        foreach (int[] text in _texts)
        {
            for (int token = 1; token < text.Length; token++)
            {
                // The first window that reaches the token.
                int begin = token < Window ? 0 : (token - Window + Stride) / Stride * Stride;
                reference.Reset();
                sum += Likelihood.NegativeLog(
                    reference.Forward(text.AsSpan(begin..token)).AsSpan()[^folder.Config.VocabularySize..], text[token]);
            }
        }
        QualityMetrics figures = await MeasureAsync(predictor: null);
        figures.Tokens.Should().Be(56 + 8);
        figures.Windows.Should().Be(5 + 1);
        figures.Predicted.Should().BeNull();
        double expected = Math.Exp(sum / figures.Tokens);
        figures.Dense.Perplexity.Should().BeApproximately(expected, 1e-3 * expected);
        figures.Dense.NeuronShare.Should().BeInRange(0.05, 0.4);
    }

    [Fact]
    public async Task Exact_prediction_costs_exactly_nothing()
    {
        QualityMetrics alone = await MeasureAsync(predictor: null, threads: 2), figures = await MeasureAsync(PredictorOptions.Exact);
        figures.Dense.Should().Be(alone.Dense);
        figures.Predicted.Should().Be(new PredictedMetrics(figures.Dense, PerplexityRatio: 1, AgreementShare: 1, KlDivergenceNats: 0));
    }

    [Fact]
    public async Task A_sketch_that_predicts_all_neurons_costs_nothing_and_one_that_predicts_few_a_lot()
    {
        PredictorOptions sketch = new() { Kind = PredictorKind.Sketch, Bits = 3 };
        QualityMetrics all = await MeasureAsync(sketch with { Margin = 1000 }), some = await MeasureAsync(sketch),
            few = await MeasureAsync(sketch with { Margin = -3 });
        all.Predicted.Should().Be(new PredictedMetrics(new RunMetrics(all.Dense.Perplexity, NeuronShare: 1), 1, 1, 0));

        PredictedMetrics middle = some.Predicted!, worst = few.Predicted!;
        some.Dense.Should().Be(all.Dense);
        middle.Run.NeuronShare.Should().BeGreaterThan(some.Dense.NeuronShare).And.BeLessThan(0.9);
        middle.KlDivergenceNats.Should().BePositive().And.BeLessThan(0.05);
        middle.AgreementShare.Should().BeInRange(0.8, 1);
        middle.PerplexityRatio.Should().BeApproximately(1, 0.05);
        worst.Run.NeuronShare.Should().BeLessThan(few.Dense.NeuronShare);
        worst.KlDivergenceNats.Should().BeGreaterThan(10 * middle.KlDivergenceNats);
        worst.AgreementShare.Should().BeLessThan(middle.AgreementShare);
    }

    [Fact]
    public async Task Of_a_single_window_it_is_the_score_to_the_bit()
    {
        int[] tokens;
        ScoreResult score;
        await using (NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(BundledModel.Image, new EngineOptions { ContextTokens = 99 }))
        {
            tokens = engine.Tokenizer.Encode(BundledModel.Domains[0].Text)[..100];
            score = await engine.ScoreAsync(tokens);
        }
        await using QualityMeter meter = await QualityMeter.OpenAsync(
            BundledModel.Image, new QualityOptions { Predictor = new() { Kind = PredictorKind.Sketch }, WindowTokens = 100 });
        QualityMetrics figures = await meter.MeasureAsync([tokens]);
        (figures.Tokens, figures.Windows).Should().Be((99, 1));
        figures.Dense.Should().Be(new RunMetrics(score.Perplexity, score.Io.PredictedShare));
        figures.Predicted!.PerplexityRatio.Should().BeApproximately(1, 0.01);
        figures.Predicted.AgreementShare.Should().BeGreaterThan(0.9);
    }

    [Fact]
    public async Task The_smallest_budget_is_named_and_works_and_all_memory_is_within_it()
    {
        QualityOptions options = new()
        {
            Predictor = new() { Kind = PredictorKind.Sketch },
            WindowTokens = Window,
            Threads = 1,
            MemoryBytes = 1000,
        };
        Func<Task> open = () => QualityMeter.OpenAsync(_image.Folder, options);
        (await open.Should().ThrowAsync<NeuralinkException>())
            .WithMessage("*fit both models*at least*dense*predicted*logits 23.27 KiB*give --memory 2MiB*--window*")
            .Which.Message.Should().NotContain("\n");
        foreach (long budget in (long[])[2 << 20, 3 << 20, 1 << 30])
        {
            await using QualityMeter meter = await QualityMeter.OpenAsync(_image.Folder, options with { MemoryBytes = budget });
            meter.MemoryBytes.Should().BeLessThanOrEqualTo(budget);
            (await meter.MeasureAsync(_texts)).Predicted!.AgreementShare.Should().BeGreaterThan(0.5);
        }
    }

    [Theory]
    [InlineData(97, null, "windows of 2 to 96 tokens")]
    [InlineData(1, null, "windows of 2 to 96 tokens")]
    [InlineData(null, 96, "a stride of 1 to 95 tokens")]
    [InlineData(8, 8, "a stride of 1 to 7 tokens")]
    [InlineData(8, 0, "a stride of 1 to 7 tokens")]
    public async Task Windows_that_do_not_fit_the_model_are_refused(int? window, int? stride, string expected)
    {
        QualityOptions options = new() { WindowTokens = window, StrideTokens = stride };
        Func<Task> open = () => QualityMeter.OpenAsync(_image.Folder, options);
        (await open.Should().ThrowAsync<NeuralinkException>()).WithMessage($"*{expected}*");
    }

    [Fact]
    public async Task Predictors_that_are_not_there_or_know_one_text_alone_are_refused()
    {
        await Refuse(new() { Kind = PredictorKind.LowRank }, "*low-rank.safetensors*no such file*train-predictor*");
        await Refuse(new() { Kind = PredictorKind.Oracle, Path = "a.trace" }, "*oracle knows one text alone*");

        async Task Refuse(PredictorOptions predictor, string message)
        {
            Func<Task> open = () => QualityMeter.OpenAsync(_image.Folder, new QualityOptions { Predictor = predictor });
            (await open.Should().ThrowAsync<NeuralinkException>()).WithMessage(message);
        }
    }

    private async Task<QualityMetrics> MeasureAsync(PredictorOptions? predictor, int threads = 1)
    {
        await using QualityMeter meter = await QualityMeter.OpenAsync(
            _image.Folder, new QualityOptions { Predictor = predictor, WindowTokens = Window, StrideTokens = Stride, Threads = threads });
        return await meter.MeasureAsync(_texts);
    }
}
