using Neuralink.Studies.Planning;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Configuration;
using Neuralink.Models.Packing;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Planning;

/// <summary>What is planned for: an image, or a model that is not packed, and is not packed for this.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Model">What the planner takes.</param>
/// <param name="Image">The image, or null.</param>
internal sealed record PlanSubject(string Name, PlannedModel Model, FlashImage? Image)
{
    /// <exception cref="NeuralinkException">There is no such model, or it cannot be run.</exception>
    /// <exception cref="UsageException">A weight format for an image that has one.</exception>
    public static PlanSubject Find(PlanSettings settings, Surroundings surroundings, CancellationToken cancellation)
    {
        string folder = ModelLocator.Resolve(settings.Model, surroundings, cancellation, ModelParts.Settings);
        string name = ModelStore.NameOf(folder);
        if (FlashImage.IsImage(folder))
        {
            ModelLocator.RefuseForImage(folder, settings.Reading);
            FlashImage image = FlashImage.Open(folder);
            return new PlanSubject(name, PlannedModel.Of(image), image);
        }
        if (!Checkpoint.IsCheckpoint(folder))
        {
            throw new NeuralinkException(
                $"plan for the model {folder}", "a flash image (neuralink.json), a Hugging Face folder (config.json) or a GGUF file",
                Directory.Exists(folder) ? "a folder with neither" : File.Exists(folder) ? "a file" : "no such folder");
        }
        (ModelConfig config, ModelFormats formats) = ConfigurationOf(folder, settings.Reading);
        return new PlanSubject(name, PlannedModel.Of(config, formats), Image: null);
    }

    // The checkpoint's own, from its headers. Of a folder with nothing but a configuration: what checkpoints are published in.
    private static (ModelConfig Config, ModelFormats Formats) ConfigurationOf(string path, ModelReading reading)
    {
        FormatChoice choice = reading.Weights;
        if (CheckpointFiles.Of(path).Weights.Count == 0)
        {
            ModelConfig config = HuggingFaceConfig.Read(path);
            return (config, choice.For(config, WeightFormat.F16));
        }
        using Checkpoint source = Checkpoint.Open(path, note: null, reading.Activation);
        return (source.Config, choice.For(source));
    }
}
