using System.Globalization;
using Neuralink.Models.Configuration;
using Neuralink.Server.Answers;
using Neuralink.Server.Generation;
using Neuralink.Storage.Image;

namespace Neuralink.Server.Endpoints;

/// <summary>What clients show of a model.</summary>
/// <param name="Digest">Of its files, in hex.</param>
/// <param name="Bytes">On flash.</param>
/// <param name="ModifiedAt">When its image was made.</param>
/// <param name="Details">The rest.</param>
internal sealed record ModelFacts(string Digest, long Bytes, string ModifiedAt, OllamaDetails Details)
{
    public static ModelFacts Of(ServedModel model)
    {
        FlashImage image = model.Engine.Image;
        ModelConfig config = model.Engine.Model;
        FileInfo[] files = new DirectoryInfo(image.Folder).GetFiles();
        DateTime modified = File.GetLastWriteTimeUtc(image.PathOf(ImageManifest.FileName));
        string format = image.Manifest.Weights.Rows.ToUpperInvariant();
        return new ModelFacts(
            image.ModelDigest, files.Sum(file => file.Length), OllamaTime.Of(new DateTimeOffset(modified)),
            new OllamaDetails("", "neuralink", config.ModelType, [config.ModelType], SizeOf(ParametersOf(config)), format));
    }

    /// <summary>Weights of all matrices; norms and biases, which are few, are left out.</summary>
    public static long ParametersOf(ModelConfig config)
    {
        long queries = (long)config.HiddenSize * config.HeadCount * config.HeadSize;
        long keys = (long)config.HiddenSize * config.KvHeadCount * config.HeadSize;
        long feedForward = (long)config.HiddenSize * config.FfnSize * (config.Gated ? 3 : 2);
        long embedding = (long)config.VocabularySize * config.EmbeddingSize * (config.TiedEmbedding ? 1 : 2);
        return embedding + (config.LayerCount * 2 * (queries + keys)) + (config.FfnCount * feedForward);
    }

    private static string SizeOf(long parameters) => parameters switch
    {
        >= 1_000_000_000 => (parameters / 1e9).ToString("0.#'B'", CultureInfo.InvariantCulture),
        >= 1_000_000 => (parameters / 1e6).ToString("0.#'M'", CultureInfo.InvariantCulture),
        _ => (parameters / 1e3).ToString("0.#'K'", CultureInfo.InvariantCulture),
    };
}
