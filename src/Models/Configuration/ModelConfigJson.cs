using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Models.Configuration;

/// <summary>The model's configuration as it stands in a flash image's manifest: snake_case, every field stated, none unknown.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ModelConfig))]
public sealed partial class ModelConfigJson : JsonSerializerContext
{
    /// <summary>The manifest's model object.</summary>
    public static JsonElement Write(ModelConfig config) => JsonSerializer.SerializeToElement(config, Default.ModelConfig);

    /// <summary>The configuration of an image, checked, and in agreement with the image's counts.</summary>
    /// <exception cref="NeuralinkException">A field is missing or wrong.</exception>
    public static ModelConfig Read(FlashImage image)
    {
        string path = image.PathOf(ImageManifest.FileName);
        ModelConfig config;
        try
        {
            config = image.Manifest.Model.Deserialize(Default.ModelConfig) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new NeuralinkException(
                $"open {path}", "the model's configuration", e.Message, "the image is damaged; pack the model again", e);
        }
        config.Validate(path);
        if (config.LayerCount != image.LayerCount || config.FfnCount != image.FfnCount || config.FfnSize != image.SlotCount)
        {
            throw new NeuralinkException(
                $"open {path}", $"{config.LayerCount} layers of {config.FfnSize} neurons and {config.FfnCount} FFNs, as its model has",
                $"{image.LayerCount} of {image.SlotCount} and {image.FfnCount}", "the image is damaged; pack the model again");
        }
        return config;
    }
}
