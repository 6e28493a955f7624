using System.CommandLine;
using System.Globalization;
using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Calibration;

/// <summary>`neuralink calibrate`: thresholds below which the neurons of a smooth activation are left out.</summary>
internal sealed class CalibrateCommand
{
    private readonly Argument<string> _image = new("IMG") { Description = "The image of a model with SiLU or GELU, by `neuralink pack`" };

    private readonly Option<string[]> _texts = CommonOptions.Texts(
        "Text files: the first three quarters of each set the thresholds, the last quarter measures what they cost");

    private readonly Option<double?> _active = TypedOption.Of<double>(
        ["--active"], "SHARE", "The share of a layer's neurons that is to stay active, e.g. 0.3 [default: 0.3]",
        "a share between 0 and 1", IsShare);

    private readonly Option<string> _output = new("--output", "-o")
    {
        HelpName = "DST",
        Description = "The image to write",
        Required = true,
    };

    private readonly Option<bool> _force = CommonOptions.Force("Replace an image that is there already");

    private readonly Option<int?> _tokens = CommonOptions.TokensOfText();

    private readonly Option<int?> _window = TypedOption.Of<int>(
        ["--window"], "N", "Tokens of a window [default: the model's context, at most 512]", "an integer of 2 or more",
        static (string text, out int value) => ValueReaders.Integer(text, out value) && value >= 2);

    private readonly Option<int?> _threads = CommonOptions.Threads("thresholds do");

    public static string[] Examples { get; } =
    [
        "neuralink calibrate mobillama.nlk --text wiki.txt --active 0.3 -o mobillama-30.nlk",
        "neuralink generate -m mobillama-30.nlk -p \"Once upon a time\"",
    ];

    public Command Create(Surroundings surroundings)
    {
        Command command = new(
            "calibrate",
            "Choose for each layer of a model whose neurons never fall silent a threshold, below which they are left out, and write them "
            + "into a copy of its image, which then runs as a ReLU model does. That is approximate: the text changes, and what it costs is "
            + "measured and printed.")
        {
            _image, _texts, _active, _output, _force, _tokens, _window, _threads,
        };
        command.SetAction((parsed, cancellation) => new CalibrateRun(
            new CalibrateSettings
            {
                Image = parsed.GetRequiredValue(_image),
                Texts = parsed.GetRequiredValue(_texts),
                ActiveShare = parsed.GetValue(_active) ?? CalibrateSettings.DefaultActiveShare,
                Output = parsed.GetRequiredValue(_output),
                Force = parsed.GetValue(_force),
                TokensMax = parsed.GetValue(_tokens),
                WindowTokens = parsed.GetValue(_window),
                Threads = parsed.GetValue(_threads) ?? new EngineOptions().Threads,
            },
            surroundings).RunAsync(cancellation));
        return command;
    }

    private static bool IsShare(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && value is > 0 and < 1;
}

/// <summary>What `calibrate` is given.</summary>
internal sealed record CalibrateSettings
{
    /// <summary>The share of the paper's MobiLlama (Neuralink, arXiv 2410.19274, table of other activations).</summary>
    public const double DefaultActiveShare = 0.3;

    public required string Image { get; init; }

    public required string[] Texts { get; init; }

    public required double ActiveShare { get; init; }

    public required string Output { get; init; }

    public required bool Force { get; init; }

    /// <summary>The most tokens of each text; null is all.</summary>
    public required int? TokensMax { get; init; }

    public required int? WindowTokens { get; init; }

    public required int Threads { get; init; }
}
