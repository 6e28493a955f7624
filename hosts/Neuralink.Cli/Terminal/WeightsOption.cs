using System.CommandLine;
using Neuralink.Kernels;

namespace Neuralink.Cli.Terminal;

/// <summary>--weights, which several commands have.</summary>
internal static class WeightsOption
{
    public static Option<WeightFormat?> Create(string description) => TypedOption.OneOf<WeightFormat>(
        "--weights", $"{description} [default: the checkpoint's own]",
        ("f16", WeightFormat.F16), ("bf16", WeightFormat.BF16), ("f32", WeightFormat.F32));
}
