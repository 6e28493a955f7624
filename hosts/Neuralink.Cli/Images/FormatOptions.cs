using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Models.Packing;

namespace Neuralink.Cli.Images;

/// <summary>The options of `pack` that say what formats the weights are written in.</summary>
internal sealed class FormatOptions
{
    private readonly Option<WeightFormat?> _weights = CommonOptions.Weights("The format of every matrix in the image");

    private readonly Option<WeightFormat?> _resident = Part("--resident", "matrices that stay in memory");

    private readonly Option<WeightFormat?> _bundles = Part("--bundles", "neurons, which are read from flash");

    private readonly Option<WeightFormat?> _down = Part("--down", "neurons' down columns, where it is to be another");

    private readonly Option<GatePlace?> _gates = TypedOption.OneOf(
        "--gates",
        "Where the row that decides whether a neuron is active lies: in its bundle, or only in memory, where the exact predictor has it "
        + "anyway [default: bundle]",
        [("bundle", GatePlace.Bundle), ("memory", GatePlace.Memory)]);

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_weights, _resident, _bundles, _down, _gates];

    /// <summary>What a command line says.</summary>
    public FormatChoice Read(ParseResult parsed) => new()
    {
        Weights = parsed.GetValue(_weights),
        Resident = parsed.GetValue(_resident),
        Bundles = parsed.GetValue(_bundles),
        Down = parsed.GetValue(_down),
        LeavesDeciding = parsed.GetValue(_gates) is { } place ? place == GatePlace.Memory : null,
    };

    private static Option<WeightFormat?> Part(string name, string what) =>
        TypedOption.OneOf(name, $"The format of the {what} [default: as --weights]", OptionWords.Weights);

    private enum GatePlace
    {
        Bundle,
        Memory,
    }
}
