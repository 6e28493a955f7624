using System.CommandLine;
using Neuralink.Evaluation;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Quality;

/// <summary>`neuralink perplexity`: how well a model predicts texts, and what a predictor costs it.</summary>
internal sealed class PerplexityCommand
{
    private readonly Argument<string?> _model = CommonOptions.Model();

    private readonly Option<string[]> _texts =
        CommonOptions.Texts("Text files to score, one or several; no window spans two of them");

    private readonly Option<PredictorOptions?> _predictor = TypedOption.OfClass<PredictorOptions>(
        ["--predictor"], "KIND",
        "Compare this predictor with the dense model on the same windows: low-rank[=FILE], trained or published weights; sketch[=BITS], "
        + "gates in 2 to 4 bits; exact, which is the dense model bit for bit. It runs token by token, as generation does [default: only "
        + "the dense model]",
        Expected, static (string text, out PredictorOptions value) =>
            ValueReaders.Predictor(text, out value) && value.Kind != PredictorKind.Oracle);

    private readonly Option<int?> _window = TypedOption.Of<int>(
        ["--window"], "N",
        $"Tokens of a window, context included [default: the model's context, at most {QualityOptions.DefaultWindowTokensMax}]",
        "an integer of 2 or more", FromTwo);

    private readonly Option<int?> _stride = TypedOption.Of<int>(
        ["--stride"], "N",
        "Tokens from one window to the next, less than a window. A window scores only what the one before it had not, behind a text's "
        + "first with at least window - stride tokens of context: a smaller stride gives more context and takes longer [default: half a "
        + "window]", "an integer of 1 or more", ValueReaders.PositiveInteger);

    private readonly Option<int?> _tokens = CommonOptions.TokensOfText();

    private readonly Option<int?> _threads = CommonOptions.Threads("figures do");

    private readonly Option<long?> _memory = CommonOptions.Memory(
        "Budget for all native memory, e.g. 2GiB: with a predictor the model is loaded twice, and a window's logits (window x vocabulary "
        + "x 4 bytes) are kept [default: what they need]", "2GiB");

    private readonly Option<Activation?> _activation = CommonOptions.Activation();
    private readonly Option<WeightFormat?> _weights = CommonOptions.Weights();

    private readonly Option<bool> _save = new("--save")
    {
        Description =
            $"Store the predictor's figures in the image's folder ({QualityFile.FileName}), where 'neuralink generate' finds and states "
            + "them",
    };

    private readonly Option<bool> _json = CommonOptions.Json();

    private const string Expected = "exact, low-rank, low-rank=FILE, svd, svd=FILE, sketch or sketch=BITS";

    public static string[] Examples { get; } =
    [
        "neuralink perplexity --text stories.txt",
        "neuralink perplexity tiny-stories.nlk --text stories.txt --predictor sketch=4 --tokens 8192 --save",
        "neuralink perplexity ./my-model -t wiki.txt --window 2048 --stride 512 --predictor low-rank=predictor.safetensors --json",
    ];

    public Command Create(Surroundings surroundings)
    {
        Command command = new(
            "perplexity",
            "Measure how well a model predicts texts, over sliding windows, and what a predictor costs it: both perplexities, the share "
            + "of tokens on which both agree, and the divergence of their distributions.")
        {
            _model, _texts, _predictor, _window, _stride, _tokens, _threads, _memory, _weights, _activation, _save, _json,
        };
        command.SetAction((parsed, cancellation) => new PerplexityRun(Bind(parsed), surroundings).RunAsync(cancellation));
        return command;
    }

    private static bool FromTwo(string text, out int value) => ValueReaders.Integer(text, out value) && value >= 2;

    private PerplexitySettings Bind(ParseResult parsed)
    {
        PerplexitySettings settings = new()
        {
            Model = parsed.GetValue(_model),
            Texts = parsed.GetRequiredValue(_texts),
            TokensMax = parsed.GetValue(_tokens),
            Options = new QualityOptions
            {
                Predictor = parsed.GetValue(_predictor),
                WindowTokens = parsed.GetValue(_window),
                StrideTokens = parsed.GetValue(_stride),
                Threads = parsed.GetValue(_threads) ?? new EngineOptions().Threads,
                MemoryBytes = parsed.GetValue(_memory),
            },
            Reading = new ModelReading(parsed.GetValue(_weights), parsed.GetValue(_activation)),
            Save = parsed.GetValue(_save),
            Json = parsed.GetValue(_json),
        };
        QualityOptions options = settings.Options;
        if (settings.Save && options.Predictor is null or { IsExact: true })
            throw new UsageException("--save: expected --predictor with low-rank or sketch, found nothing that has a cost to store");
        EngineOptions engine = new()
        {
            Predictor = options.Predictor ?? PredictorOptions.Exact,
            Threads = options.Threads,
            MemoryBytes = options.MemoryBytes,
        };
        CommonOptions.Check(engine.Validate);
        return settings;
    }
}
