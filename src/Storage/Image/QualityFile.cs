using System.Text.Json;
using System.Text.Json.Serialization;

namespace Neuralink.Storage.Image;

/// <summary>
/// quality.json: what approximate predictors cost the image's model, so that whoever uses one is told (docs/formats/quality.md). It lies
/// beside the image's own files and is not listed by the manifest: `neuralink perplexity --save` adds to it.
/// </summary>
public sealed record QualityFile
{
    /// <summary>The only value of <see cref="Format"/>.</summary>
    public const string FormatName = "neuralink-quality";

    /// <summary>The version this code writes and reads.</summary>
    public const int CurrentVersion = 2;

    /// <summary>The file's name in the image's folder.</summary>
    public const string FileName = "quality.json";

    /// <summary>The most predictors of a file: the figures of the one longest unmeasured give way.</summary>
    public const int PredictorsMax = 64;

    private static readonly VersionedJsonKind s_kind = new(
        FormatName, CurrentVersion, "figures of predictors", NotThis: "this file holds no figures of predictors", OtherVersion: Advice,
        Damaged: Advice);

    private const string Advice = "delete the file and measure again with 'neuralink perplexity --save'";

    public required string Format { get; init; }

    public required int FormatVersion { get; init; }

    /// <summary>The model that the figures are of: <see cref="FlashImage.ModelDigest"/>.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>One a predictor, the last measured at the end.</summary>
    public required IReadOnlyList<PredictorQuality> Predictors { get; init; }

    /// <summary>The figures that lie in an image's folder, none where there is no such file.</summary>
    /// <exception cref="NeuralinkException">The file cannot be read, is of another version or another model, or its
    /// numbers make no sense.</exception>
    public static QualityFile Read(FlashImage image)
    {
        string path = image.PathOf(FileName);
        if (!File.Exists(path))
        {
            return new QualityFile
            {
                Format = FormatName,
                FormatVersion = CurrentVersion,
                ModelDigest = image.ModelDigest,
                Predictors = [],
            };
        }
        QualityFile file = VersionedJson.Read(path, QualityFileJson.Default.QualityFile, s_kind);
        if (file.ModelDigest != image.ModelDigest)
        {
            throw new NeuralinkException(
                $"open {path}", $"figures of the model {image.ModelDigest}", $"figures of {file.ModelDigest}", Advice);
        }
        if (file.Flaw() is { } flaw)
            throw new NeuralinkException($"open {path}", $"figures of at most {PredictorsMax} predictors, each once", flaw, Advice);
        return file;
    }

    /// <summary>The figures of <paramref name="predictor"/>, or null.</summary>
    public PredictorQuality? Find(PredictorIdentity predictor) => Predictors.FirstOrDefault(quality => quality.Predictor == predictor);

    /// <summary>The same with <paramref name="quality"/>, in the place of earlier figures of that predictor.</summary>
    public QualityFile With(PredictorQuality quality)
    {
        PredictorQuality[] all = [.. Predictors.Where(other => other.Predictor != quality.Predictor), quality];
        return this with { Predictors = all[Math.Max(0, all.Length - PredictorsMax)..] };
    }

    /// <summary>Writes the file into an image's folder; there is the old one or the new one at every moment.</summary>
    /// <exception cref="ArgumentException">It is of another model, or its numbers make no sense.</exception>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void Write(FlashImage image)
    {
        if (ModelDigest != image.ModelDigest)
            throw new ArgumentException($"Figures of the model {ModelDigest} are not of the image's, {image.ModelDigest}.", nameof(image));
        if (Flaw() is { } flaw)
            throw new ArgumentException(flaw, nameof(image));
        SyncedFile.Replace(image.PathOf(FileName), JsonSerializer.SerializeToUtf8Bytes(this, QualityFileJson.Default.QualityFile));
    }

    private string? Flaw()
    {
        if (Predictors.Count > PredictorsMax)
            return $"{Predictors.Count} predictors";
        if (Predictors.Contains(null))
            return "a predictor that is null";                                 // annotations do not reach into lists
        return Predictors.DistinctBy(quality => quality.Predictor).Count() < Predictors.Count
            ? "a predictor twice"
            : Predictors.Select(quality => quality.Flaw()).FirstOrDefault(flaw => flaw is not null);
    }
}

/// <summary>The file's JSON: snake_case, indented, every field required and no unknown ones.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(QualityFile))]
public sealed partial class QualityFileJson : JsonSerializerContext;
