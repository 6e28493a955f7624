using System.Globalization;
using Neuralink.Storage;

namespace Neuralink.Models.Checkpoints;

/// <summary>
/// Finds tensors whatever wrapped the model when it was saved: the bare model saves "layers.0.mlp.up_proj.weight" where the one with an
/// output matrix saves "model.layers.0...", and trainers put "module.", "base_model.model." or "_orig_mod." before, in any mixture. An
/// unknown prefix is one too if it is the only one that has layers.
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
    private readonly string _layers;
    private readonly HashSet<string> _names;
    private readonly HashSet<string> _wrappers;
    private readonly ILookup<string, string> _byCore;

    /// <param name="folder">The checkpoint, for messages.</param>
    /// <param name="layers">What the family's layers' numbers follow, such as "model.layers".</param>
    /// <param name="names">The names of all its tensors.</param>
    public CheckpointNames(string folder, string layers, IEnumerable<string> names)
    {
        _folder = folder;
        _layers = layers.Split('.')[^1];
        _names = new HashSet<string>(names, StringComparer.Ordinal);
        _wrappers = new HashSet<string>(s_wrappers, StringComparer.Ordinal);
        _wrappers.UnionWith(OnlyPrefix());
        _byCore = _names.ToLookup(Core, StringComparer.Ordinal);
    }

    /// <summary>The name without what only says how the model was wrapped, e.g. "layers.0.mlp.up_proj.weight", "lm_head.weight".</summary>
    public string Core(string name) => string.Join('.', Parts(name).SkipWhile(_wrappers.Contains));

    /// <summary>The layer that a core name is of, or null.</summary>
    public int? LayerOf(string core) =>
        core.Split('.') is [var first, var text, ..] && first == _layers
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            ? layer
            : null;

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

    private static IEnumerable<string> Parts(string name) => name.Split('.').Where(part => !s_inserted.Contains(part));

    /// <summary>What stands between the known wrappers and "layers", if that is the same for all layers.</summary>
    private string[] OnlyPrefix()
    {
        string[][] prefixes =
        [
            .. _names.Select(name => Parts(name).SkipWhile(s_wrappers.Contains).ToArray()).Where(parts => parts.Contains(_layers))
                .Select(parts => parts.TakeWhile(part => part != _layers).ToArray())
                .DistinctBy(parts => string.Join('.', parts), StringComparer.Ordinal),
        ];
        return prefixes.Length == 1 ? prefixes[0] : [];
    }
}
