using Neuralink.Evaluation;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Quality;

/// <summary>Says at the start what an approximate predictor costs, or that it is not known.</summary>
internal static class QualityNote
{
    /// <param name="predictor">The predictor; nothing is said of the one that never changes a token.</param>
    /// <param name="image">The model's image, which may hold figures.</param>
    /// <param name="model">The model as the user named it, or null for the bundled one.</param>
    /// <param name="surroundings">Where to.</param>
    public static void Write(PredictorOptions predictor, FlashImage image, string? model, Surroundings surroundings)
    {
        if (predictor.Kind == PredictorKind.Oracle)
            surroundings.Note("the oracle's tokens are the dense model's only for the text that was traced, and within its first window");
        if (predictor.IsExact)
            return;
        string name = PredictorText.Of(predictor);
        string measure =
            $"measure it with 'neuralink perplexity {(model is null ? "" : $"{model} ")}--predictor {name} --text FILE --save'";
        try
        {
            QualityFile file = QualityFile.Read(image);
            PredictorQuality? found = file.Predictors.Count == 0 ? null : file.Find(PredictorIdentities.Of(predictor, image));
            surroundings.Note(found is null ? $"what the predictor {name} costs is not known; {measure}" : Describe(name, found));
        }
        catch (NeuralinkException error)
        {
            surroundings.Note($"what the predictor {name} costs is not known ({error.Message}); {measure}");
        }
    }

    private static string Describe(string name, PredictorQuality q)
    {
        double more = Math.Round((q.Perplexity / q.DensePerplexity) - 1, 4) + 0.0;          // a sum that turns -0 into 0
        return $"predictor {name}: perplexity {q.Perplexity:0.000} against {q.DensePerplexity:0.000} dense ({more:+0.00%;-0.00%;0.00%}), "
            + $"{q.AgreementShare:0.0%} of tokens agree, on {q.TokenCount} tokens of {q.Texts}";
    }
}
