using System.Text;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Evaluation;

/// <summary>Which predictor some options mean, as figures are stored of it.</summary>
public static class PredictorIdentities
{
    /// <summary>The identity of an approximate predictor; a low-rank one's file is read whole.</summary>
    /// <param name="options">The predictor, opened before: low-rank, svd or a sketch.</param>
    /// <param name="image">The model it is used with.</param>
    /// <exception cref="NeuralinkException">Its file cannot be read.</exception>
    public static PredictorIdentity Of(PredictorOptions options, FlashImage image) => options.Kind switch
    {
        PredictorKind.Sketch => PredictorIdentity.Sketch(options.Bits, options.Margin ?? SketchPredictor.DefaultMargin(options.Bits)),
        PredictorKind.LowRank =>
            PredictorIdentity.LowRank(DigestOf(options.Path ?? image.PathOf(LowRankFile.NameOf(0))), options.Threshold),
        PredictorKind.Svd => PredictorIdentity.Svd(DigestOf(options.Path ?? image.PathOf(LowRankFile.SvdName)), options.Threshold),
        _ => throw new ArgumentException("An exact predictor costs nothing.", nameof(options)),
    };

    /// <summary>The digest of a file; of a folder, that of the names and digests of its files.</summary>
    private static string DigestOf(string path)
    {
        try
        {
            if (!Directory.Exists(path))
                return FileDigest.Of(path);
            IEnumerable<string> files = Directory.EnumerateFiles(path).Order(StringComparer.Ordinal);
            string listed = string.Concat(files.Select(file => $"{Path.GetFileName(file)}\n{FileDigest.Of(file)}\n"));
            FileDigest digest = new();
            digest.Append(Encoding.UTF8.GetBytes(listed));
            return digest.Finish();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"read {path}", "a low-rank predictor", error.Message, inner: error);
        }
    }
}
