using System.CommandLine;
using Neuralink.Kernels;
using Neuralink.Storage;

namespace Neuralink.Cli.Terminal;

/// <summary>What several commands are given, declared once. A command says only what is its own: what help says of it.</summary>
internal static class CommonOptions
{
    private static readonly EngineOptions s_engine = new();

    /// <summary>The model; null is the bundled one.</summary>
    public static Argument<string?> Model(
        string name = "MODEL",
        string description =
            "A flash image, or a Hugging Face folder, a GGUF file or hf:ORG/NAME, which is packed into the cache folder when first used") =>
        new(name) { Description = $"{description} [default: the bundled tiny-stories]", Arity = ArgumentArity.ZeroOrOne };

    /// <summary>--text: files, at least one.</summary>
    public static Option<string[]> Texts(string description) => new("--text", "-t")
    {
        HelpName = "FILE",
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
        Required = true,
    };

    /// <summary>--tokens: the most of each text.</summary>
    public static Option<int?> TokensOfText() => TypedOption.Of<int>(
        ["--tokens", "-n"], "N", "The most tokens of each text [default: all]", "an integer of 1 or more", ValueReaders.PositiveInteger);

    /// <summary>--memory. The range is the engine's own (<see cref="Check"/>).</summary>
    /// <param name="description">What it bounds, and its default.</param>
    /// <param name="example">What an error gives as an example.</param>
    public static Option<long?> Memory(string description, string example) =>
        TypedOption.Of<long>(["--memory"], "BYTES", description, $"a number of bytes such as {example}", ValueReaders.Bytes);

    /// <summary>--threads. The range is the engine's own (<see cref="Check"/>).</summary>
    /// <param name="what">What does not depend on them; null where something does.</param>
    public static Option<int?> Threads(string? what) => TypedOption.Of<int>(
        ["--threads"], "N",
        $"Threads that compute{(what is null ? "" : $"; the {what} not depend on it")} [default: the processors there are]",
        "an integer", ValueReaders.Integer);

    /// <summary>--cache: the engine's neuron cache.</summary>
    public static Option<CacheSize?> Cache(string description) => TypedOption.Of<CacheSize>(
        ["--cache"], "SIZE",
        $"{description} [default: what --memory leaves, or without it {EngineOptions.DefaultCacheShare:0%}]",
        "a share of at most 100% such as 10% or 0.1, or bytes with a unit such as 512MiB", ValueReaders.Cache);

    /// <summary>--strategy.</summary>
    public static Option<ExecutionStrategy?> Strategy(string description) => TypedOption.OneOf(
        "--strategy", description, OptionWords.Strategies);

    /// <summary>A predictor of any kind.</summary>
    public static Option<PredictorOptions?> Predictor(string name, string description) => TypedOption.OfClass<PredictorOptions>(
        [name], "KIND", description, "exact, low-rank, low-rank=FILE, svd, svd=FILE, sketch, sketch=BITS or oracle=TRACE",
        ValueReaders.Predictor);

    /// <summary>--ahead.</summary>
    public static Option<int?> LayersAhead() => TypedOption.Of<int>(
        ["--ahead"], "N", $"How many layers are looked ahead [default: {s_engine.LookaheadLayers}]", "an integer", ValueReaders.Integer);

    /// <summary>--weights.</summary>
    public static Option<WeightFormat?> Weights(string description = "The format an unpacked model is packed in") =>
        TypedOption.OneOf("--weights", $"{description} [default: the checkpoint's own]", OptionWords.Weights);

    /// <summary>--activation.</summary>
    public static Option<Activation?> Activation() => TypedOption.Of<Activation>(
        ["--activation"], "NAME",
        "The activation that an unpacked model was trained with: relu, fatrelu=THRESHOLD, drelu, relu2, silu, gelu, gelu_new or "
        + "quick_gelu. A GGUF file does not say it [default: what the model's files or its name say]",
        "relu, fatrelu=THRESHOLD such as fatrelu=0.01, drelu, relu2, silu, gelu, gelu_new or quick_gelu", ValueReaders.Activation);

    /// <summary>--system.</summary>
    public static Option<string?> System() =>
        TypedOption.Text(["--system"], "TEXT", "What the model is told before the conversation, if its template takes that");

    /// <summary>--chat-template.</summary>
    public static Option<string?> ChatTemplate() => TypedOption.Text(
        ["--chat-template"], "FILE.jinja", "The template that conversations are written by [default: the model's own, or plain text]");

    /// <summary>--seed.</summary>
    public static Option<ulong?> Seed(string description, string valueName = "N") =>
        TypedOption.Of<ulong>(["--seed"], valueName, description, "an integer of 0 or more", ValueReaders.Seed);

    /// <summary>--json.</summary>
    /// <param name="instead">What is not printed then.</param>
    public static Option<bool> Json(string instead = "a table") =>
        new("--json") { Description = $"Print one JSON object instead of {instead}" };

    /// <summary>--force.</summary>
    public static Option<bool> Force(string description) => new("--force") { Description = description };

    /// <summary>Has options check their ranges: what they refuse is a mistake in the command line.</summary>
    /// <exception cref="UsageException">An option is out of its range.</exception>
    public static void Check(Action validate)
    {
        try
        {
            validate();
        }
        catch (NeuralinkException error)
        {
            throw new UsageException(error.Message, error);
        }
    }
}
