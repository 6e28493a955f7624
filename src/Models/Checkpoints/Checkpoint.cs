using Neuralink.Kernels;
using Neuralink.Models.Checkpoints.Gguf;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;
using Neuralink.Storage.Image;

namespace Neuralink.Models.Checkpoints;

/// <summary>
/// A published model, in whatever form: its configuration, its weights under the names of <see cref="TensorNames"/>, its tokenizer. This is
/// all that packing knows of it. Opening checks that every tensor the configuration calls for is there, with its shape, in a type that can
/// be read.
/// </summary>
/// <param name="location">The folder or file, as it was given.</param>
/// <param name="config">What the model is.</param>
public abstract class Checkpoint(string location, ModelConfig config) : ITensorSource, IDisposable
{
    /// <inheritdoc/>
    public string Location { get; } = location;

    public ModelConfig Config { get; } = config;

    /// <summary>
    /// The format that packing keeps unless told otherwise: that of the first FFN matrix. It is f16 where that is of a type that the
    /// kernels do not take.
    /// </summary>
    public WeightFormat SourceFormat =>
        Get($"{TensorNames.Layer(Config, 0).Up}.weight").Type.Format ?? WeightFormat.F16;

    /// <summary>Whether there is a checkpoint of a form that <see cref="Open"/> takes. Its files are not read.</summary>
    /// <param name="path">A folder or a file.</param>
    public static bool IsCheckpoint(string path) => HuggingFaceFolder.IsFolder(path) || GgufFile.IsGguf(path);

    /// <summary>Opens a checkpoint of the form that is there.</summary>
    /// <param name="path">A Hugging Face folder, or a GGUF file.</param>
    /// <param name="note">Takes, a line each, what was ignored and a user should know.</param>
    /// <param name="activation">The activation that the user states, whatever the checkpoint says or does not say; null for none.</param>
    /// <exception cref="NeuralinkException">A file is missing or damaged, or configuration and tensors contradict each other.</exception>
    public static Checkpoint Open(string path, Action<string>? note = null, Activation? activation = null) =>
        GgufFile.IsGguf(path) ? GgufCheckpoint.OpenFile(path, note, activation) : HuggingFaceFolder.OpenFolder(path, note, activation);

    /// <summary>The model in a flash image.</summary>
    /// <exception cref="NeuralinkException">The image is damaged.</exception>
    public static Checkpoint OfImage(string image) => ImageCheckpoint.OpenImage(image);

    /// <summary>
    /// The tensor that this engine calls <paramref name="name"/>, whatever the checkpoint calls it, and keeps it together with.
    /// </summary>
    public abstract SourceTensor Get(string name);

    /// <inheritdoc/>
    public abstract void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination);

    /// <summary>Checks that there is a tokenizer, without reading it.</summary>
    /// <exception cref="NeuralinkException">There is none; says what is there.</exception>
    public abstract void RequireTokenizer();

    /// <summary>The tokenizer.</summary>
    /// <exception cref="NeuralinkException">There is none, or it is not supported.</exception>
    public abstract Tokenizer LoadTokenizer();

    /// <summary>
    /// Writes the tokenizer's files into an image, whose tokenizer is then <see cref="LoadTokenizer"/>'s; the chat template is among them.
    /// </summary>
    internal abstract void WriteTokenizer(ImageWriter writer);

    /// <summary>The predictors that were published with the model, or null.</summary>
    internal virtual PublishedPredictors? Predictors => null;

    /// <inheritdoc/>
    public abstract void Dispose();
}
