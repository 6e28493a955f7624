
namespace Neuralink.Cli.Quality;

/// <summary>A predictor as --predictor names it.</summary>
internal static class PredictorText
{
    public static string Of(PredictorOptions predictor) => predictor switch
    {
        { Kind: PredictorKind.Sketch } => $"{predictor.Name}={predictor.Bits}",
        { Path: { } path } => $"{predictor.Name}={path}",
        _ => predictor.Name,
    };
}
