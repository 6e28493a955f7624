using Neuralink.Cli.Terminal;
using Neuralink.Models.Packing;

namespace Neuralink.Cli.Models;

/// <summary>Packs a model while showing how far it is.</summary>
internal static class PackingProgress
{
    /// <inheritdoc cref="ModelPacker.Pack"/>
    public static void Run(Surroundings surroundings, string source, string destination, PackOptions options, CancellationToken cancellation) =>
        ProgressDisplay.Run(
            surroundings, "packing", share => ModelPacker.Pack(source, destination, options, new Share(share), cancellation));

    private sealed class Share(IProgress<double> share) : IProgress<PackProgress>
    {
        public void Report(PackProgress value) => share.Report(value.TotalBytes == 0 ? 1 : (double)value.DoneBytes / value.TotalBytes);
    }
}
