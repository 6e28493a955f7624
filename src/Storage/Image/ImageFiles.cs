namespace Neuralink.Storage.Image;

/// <summary>The files of a flash image and the names of the tensors in them.</summary>
public static class ImageFiles
{
    public const string Resident = "resident.safetensors";

    public const string Neurons = "neurons.safetensors";

    public const string Placement = "placement.safetensors";

    public const string Predictor = "predictor.safetensors";

    /// <summary>Of a calibrated model without gates.</summary>
    public const string Norms = "norms.safetensors";

    public const string Tokenizer = "tokenizer.json";

    /// <summary>The files of a tokenizer, one of which an image has; others of its tokenizer may lie beside it.</summary>
    public static IReadOnlyList<string> TokenizerForms { get; } = [Tokenizer, "tokenizer.model", "vocab.json", "tokenizer.gguf"];

    /// <summary>
    /// The data of files that are read directly begin at a multiple of this, the largest logical block of common devices.
    /// </summary>
    public const int DataAlignmentBytes = 4096;

    /// <summary>The U8 tensor [slots, stride] of a layer's bundles.</summary>
    public static string NeuronsTensor(int layer) => $"layers.{layer}.neurons";

    /// <summary>The F32 tensor [neurons] of a layer's norms.</summary>
    public static string NormsTensor(int layer) => $"layers.{layer}.down_norms";

    /// <summary>The I32 tensor [slots] that says which neuron each slot holds.</summary>
    public static string PlacementTensor(int layer) => $"layers.{layer}.neuron_of_slot";
}
