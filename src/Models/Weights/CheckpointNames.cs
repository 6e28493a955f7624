using Neuralink.Storage;

namespace Neuralink.Models.Weights;

/// <summary>
/// Finds tensors whatever wrapped the model when it was saved: the bare model saves "layers.0.mlp.up_proj.weight" where the one with an
/// output matrix saves "model.layers.0...", and trainers put "module.", "base_model.model." or "_orig_mod." before, in any mixture.
/// </summary>
internal sealed class CheckpointNames
{
    /// <summary>Names of modules that hold a model whole, and add nothing to it.</summary>
    private static readonly HashSet<string> s_wrappers = new(
        ["model", "decoder", "module", "base_model", "pretrained_model", "transformer", "language_model", "llm", "backbone"],
        StringComparer.Ordinal);

    /// <summary>Names that PyTorch's own wrappers put anywhere.</summary>
    private static readonly HashSet<string> s_inserted = new(
        ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"], StringComparer.Ordinal);

    private readonly string _folder;
    private readonly HashSet<string> _names;
    private readonly ILookup<string, string> _byCore;

    /// <param name="folder">The checkpoint, for messages.</param>
    /// <param name="names">The names of all its tensors.</param>
    public CheckpointNames(string folder, IEnumerable<string> names)
    {
        _folder = folder;
        _names = new HashSet<string>(names, StringComparer.Ordinal);
        _byCore = _names.ToLookup(Core, StringComparer.Ordinal);
    }

    /// <summary>The name without what only says how the model was wrapped, e.g. "layers.0.mlp.up_proj.weight", "lm_head.weight".</summary>
    public static string Core(string name)
    {
        string[] parts = [.. name.Split('.').Where(part => !s_inserted.Contains(part))];
        return string.Join('.', parts.SkipWhile(s_wrappers.Contains));
    }

    /// <summary>The checkpoint's name of the tensor that Hugging Face's own checkpoints call <paramref name="name"/>, or null.</summary>
    /// <exception cref="NeuralinkException">There are several, none of which is called exactly so.</exception>
    public string? Find(string name)
    {
        if (_names.Contains(name))
            return name;
        string[] found = [.. _byCore[Core(name)]];
        return found.Length <= 1
            ? found.FirstOrDefault()
            : throw new NeuralinkException(
                $"use {_folder}", $"one tensor for {name}", string.Join(" and ", found), "the checkpoint holds more than one model");
    }
}
