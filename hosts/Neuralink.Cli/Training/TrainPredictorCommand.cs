using System.CommandLine;
using System.Globalization;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Training;

namespace Neuralink.Cli.Training;

/// <summary>`neuralink train-predictor`: low-rank predictors from a trace with layer inputs.</summary>
internal sealed class TrainPredictorCommand
{
    private const int RankMax = 1 << 16;

    private static readonly TrainingOptions s_defaults = new();

    private readonly Argument<string?> _model = CommonOptions.Model();

    private readonly Option<string> _trace = new("--trace")
    {
        HelpName = "TRACE",
        Description = "A trace of this very model with layer inputs, by 'neuralink trace --inputs'",
        Required = true,
    };

    private readonly Option<string?> _output = TypedOption.Text(
        ["--output", "-o"], "FILE",
        $"The predictor to write, a safetensors file [default: {LowRankFile.NameOf(0)} in the image's folder, {LowRankFile.NameOf(1)} "
        + $"for depth 1, {LowRankFile.SvdName} for --method svd]");

    private readonly Option<TrainingMethod?> _method = TypedOption.OneOf<TrainingMethod>(
        "--method",
        "low-rank: small matrices are trained by gradients; svd: the model's own gate matrices are decomposed, which takes no training "
        + "(it ignores --epochs, and its depth is 0) [default: low-rank]",
        [("low-rank", TrainingMethod.LowRank), ("svd", TrainingMethod.Svd)]);

    private readonly Option<double?> _recall = TypedOption.Of<double>(
        ["--recall"], "SHARE",
        $"Share of the active neurons that must be predicted; a neuron that is not is left out of the sum [default: {s_defaults.Recall}]",
        "a share above 0 and below 1", static (string text, out double value) => Share(text, out value) && value is > 0 and < 1);

    private readonly Option<int?> _depth = TypedOption.Of<int>(
        ["--depth"], "D",
        "Layers between the input and what it predicts: 1 predicts the next layer, from which its reads can begin a layer earlier; the "
        + "first D layers have no predictor then [default: 0]",
        "an integer of 0 or more", static (string text, out int value) => ValueReaders.Integer(text, out value) && value >= 0);

    private readonly Option<double?> _share = TypedOption.Of<double>(
        ["--share"], "FACTOR",
        $"A rank is enough if it predicts at most this many times the neurons that fire [default: {s_defaults.ShareFactor}]",
        "a number above 1", static (string text, out double value) => Share(text, out value) && value > 1);

    private readonly Option<int?> _rank = TypedOption.Of<int>(
        ["--rank"], "N",
        $"The rank of every layer [default: the smallest of {string.Join(", ", TrainingOptions.RankLadder)}, up to half the hidden width, "
        + "that is enough]",
        $"an integer of 1 to {RankMax}", static (string text, out int value) =>
            ValueReaders.PositiveInteger(text, out value) && value <= RankMax);

    private readonly Option<int?> _epochs = TypedOption.Of<int>(
        ["--epochs"], "N", $"Passes over the training tokens [default: {s_defaults.Epochs}]", "an integer of 1 or more",
        ValueReaders.PositiveInteger);

    private readonly Option<ulong?> _seed =
        CommonOptions.Seed($"Of the split, the order of the tokens and the first weights [default: {s_defaults.Seed}]");

    private readonly Option<int?> _threads = CommonOptions.Threads("predictor does");

    private readonly Option<Activation?> _activation = CommonOptions.Activation();
    private readonly Option<WeightFormat?> _weights = CommonOptions.Weights();

    private readonly Option<bool> _force = CommonOptions.Force("Replace a predictor that is there already");

    private readonly Option<bool> _json = CommonOptions.Json();

    public static string[] Examples { get; } =
    [
        "neuralink trace tiny-stories.nlk --text train.txt -o inputs.trace --tokens 40960 --inputs",
        "neuralink train-predictor tiny-stories.nlk --trace inputs.trace",
        "neuralink train-predictor tiny-stories.nlk --trace inputs.trace --method svd --rank 64",
        "neuralink train-predictor tiny-stories.nlk --trace inputs.trace --depth 1 --recall 0.98 -o ahead.safetensors",
    ];

    public Command Create(Surroundings surroundings)
    {
        Command command = new(
            "train-predictor",
            "Train small matrices that tell from a layer's input which of its neurons will fire, without computing them, and measure them "
            + "on tokens held out from the training.")
        {
            _model, _trace, _output, _method, _recall, _depth, _share, _rank, _epochs, _seed, _threads, _weights, _activation, _force,
            _json,
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(new TrainPredictorRun(Bind(parsed), surroundings).Run(cancellation)));
        return command;
    }

    private static bool Share(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);

    private TrainPredictorSettings Bind(ParseResult parsed)
    {
        EngineOptions engine = new() { Threads = parsed.GetValue(_threads) ?? new EngineOptions().Threads };
        CommonOptions.Check(engine.Validate);
        return new TrainPredictorSettings
        {
            Model = parsed.GetValue(_model),
            Trace = parsed.GetRequiredValue(_trace),
            Output = parsed.GetValue(_output),
            Method = parsed.GetValue(_method) ?? TrainingMethod.LowRank,
            Options = new TrainingOptions
            {
                Recall = parsed.GetValue(_recall) ?? s_defaults.Recall,
                Depth = parsed.GetValue(_depth) ?? s_defaults.Depth,
                ShareFactor = parsed.GetValue(_share) ?? s_defaults.ShareFactor,
                Rank = parsed.GetValue(_rank),
                Epochs = parsed.GetValue(_epochs) ?? s_defaults.Epochs,
                Seed = parsed.GetValue(_seed) ?? s_defaults.Seed,
            },
            Threads = engine.Threads,
            Reading = new ModelReading(parsed.GetValue(_weights), parsed.GetValue(_activation)),
            Force = parsed.GetValue(_force),
            Json = parsed.GetValue(_json),
        };
    }
}
