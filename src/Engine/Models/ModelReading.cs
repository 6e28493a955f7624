using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage;

namespace Neuralink;

/// <summary>How a model that is not packed is read, as far as the caller says; the rest follows from the model.</summary>
/// <param name="Weights">The format of its matrices in the image; null is the checkpoint's own.</param>
/// <param name="Activation">The activation it was trained with, whatever its files say or do not say.</param>
public sealed record ModelReading(WeightFormat? Weights = null, Activation? Activation = null)
{
    /// <summary>As the model's files have it.</summary>
    public static ModelReading AsPublished { get; } = new();

    /// <summary>Refuses all of it for an image, which was read when it was packed.</summary>
    /// <exception cref="NeuralinkException">Something is stated.</exception>
    public void RefuseForImage(string image)
    {
        if (Weights is not null)
        {
            throw new NeuralinkException(
                $"open {image} with other weights", "an unpacked model", "a flash image, whose weights are packed");
        }
        if (Activation is not null)
        {
            throw new NeuralinkException(
                $"open {image} with a stated activation", "an unpacked model", "a flash image, which records its activation",
                "pack the model again with the activation");
        }
    }

    /// <summary>What belongs into the key of an image.</summary>
    /// <param name="formats">Of the image's weights.</param>
    internal string Key(ModelFormats formats)
    {
        string format = formats.ToManifest().ToString();
        return Activation is { } stated ? $"{format} {ActivationNames.NameOf(stated.Kind, stated.Threshold)}" : format;
    }
}
