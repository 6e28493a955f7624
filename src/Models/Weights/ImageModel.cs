using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Models.Weights;

/// <summary>The model in an image: its shape, and how its weights are written.</summary>
/// <param name="Image">The image.</param>
/// <param name="Config">The model's configuration.</param>
/// <param name="Formats">The formats of its matrices.</param>
/// <param name="Layout">The layout of its bundles.</param>
public sealed record ImageModel(FlashImage Image, ModelConfig Config, ModelFormats Formats, BundleLayout Layout)
{
    /// <summary>Reads what the manifest says about the model; no weights.</summary>
    /// <exception cref="NeuralinkException">
    /// The configuration is damaged, or the manifest's bundle is not the one that the model's shape gives, by which kernels read weights.
    /// </exception>
    public static ImageModel Of(FlashImage image)
    {
        ModelConfig config = ModelConfigJson.Read(image);
        ModelFormats formats = ModelFormats.Read(image.Manifest.Weights);
        BundleLayout layout = new(formats.Bundles, config.HiddenSize, config.Gated, config.FfnBias);
        BundleManifest expected = new(layout.StrideBytes, layout.PayloadBytes, layout.Gated, layout.Biased);
        if (image.Manifest.Bundle != expected)
        {
            throw new NeuralinkException(
                $"open {image.Folder}", $"{expected}, as the model's shape gives", $"{image.Manifest.Bundle}",
                "the image is damaged; pack the model again");
        }
        return new ImageModel(image, config, formats, layout);
    }
}
