namespace Neuralink.Storage.Pickle;

/// <summary>Runs the pickle of a checkpoint, in which storages are named by persistent ids.</summary>
internal static class TorchPickle
{
    /// <summary>The longest pickle that is read: those of published models have less than a hundredth of it.</summary>
    public const long LengthBytesMax = 64 << 20;

    private const string NotAModel = "save the model's state_dict(), or convert the model to safetensors";

    // Names that training scripts and Lightning give the model in what they save of a training.
    private static readonly string[] s_models = ["state_dict", "model_state_dict", "model", "module"];

    /// <summary>The value of a pickle whose storages are described.</summary>
    /// <param name="input">The pickle.</param>
    /// <param name="storages">Takes each storage that it names.</param>
    /// <exception cref="InvalidPickleException">It is not of the form that torch.save writes.</exception>
    public static object? Run(PickleInput input, Action<TorchStorage>? storages = null) =>
        PickleMachine.Run(input, new PickleWorld(TorchGlobals.Find, id =>
        {
            TorchStorage storage = Storage(id);
            storages?.Invoke(storage);
            return storage;
        }));

    /// <summary>The tensors of a state dict, or of the only one in what was saved of a training.</summary>
    /// <param name="root">What the pickle is.</param>
    /// <param name="note">Takes where the model was found.</param>
    public static IReadOnlyList<(string Name, TorchTensor Tensor)> Tensors(object? root, Action<string>? note)
    {
        if (TensorsOf(root) is { Count: > 0 } tensors)
            return tensors;
        if (root is not PickleDictionary { Entries: var entries })
            throw new InvalidPickleException("a dictionary of tensors, as state_dict() makes it", PickleMachine.Describe(root), NotAModel);
        string[] models = [.. s_models.Where(name => TensorsOf(entries.GetValueOrDefault(name)).Count > 0)];
        if (models.Length == 1)
        {
            note?.Invoke($"it is what was saved of a training: its \"{models[0]}\" was read");
            return TensorsOf(entries[models[0]]);
        }
        const int shownMax = 6;
        string keys = entries.Count == 0 ? "an empty one" : $"one of {string.Join(", ", entries.Keys.Take(shownMax))}";
        throw new InvalidPickleException("a dictionary of tensors, as state_dict() makes it", keys, NotAModel);
    }

    private static List<(string Name, TorchTensor Tensor)> TensorsOf(object? value) => value is PickleDictionary dictionary
        ? [.. dictionary.Entries.Where(entry => entry.Value is TorchTensor).Select(entry => (entry.Key, (TorchTensor)entry.Value!))]
        : [];

    /// <summary>
    /// ("storage", class, key, device, count), and in the legacy form a last part: None, or (key, offset, count) of a storage that begins
    /// within another.
    /// </summary>
    private static TorchStorage Storage(object? id)
    {
        if (id is not object?[] { Length: 5 or 6 } parts
            || parts is not ["storage", var type, string key, _, long count, ..])
        {
            string found = id is object?[] and ["module", ..] ? "a whole Python module" : PickleMachine.Describe(id);
            throw new InvalidPickleException("the name of a storage", found, NotAModel);
        }
        if (!IsPlain(key))
            throw new InvalidPickleException("the plain name of a storage", $"\"{key}\"");
        TorchStorage storage = new(TorchGlobals.TypeOf(type).Dtype, key, count);
        return parts.Length == 5 || parts[5] is null ? storage
            : parts[5] is object?[] and [_, long begin, long size] && begin >= 0 ? storage with { Begin = begin, Count = size }
            : throw new InvalidPickleException("a storage that begins within another", PickleMachine.Describe(parts[5]));
    }

    // Keys are numbers; whatever they are, they must not lead out of the folder data.
    private static bool IsPlain(string key)
    {
        const int lengthMax = 64;
        return key.Length is > 0 and <= lengthMax && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
    }
}

/// <summary>A checkpoint's pickle, and where in the file its storages lie.</summary>
/// <param name="Root">What the pickle is.</param>
/// <param name="Extents">Offset and length of each storage's bytes in the file, by its key.</param>
/// <param name="RecordOf">What a storage's bytes are called in the file, for messages.</param>
internal sealed record TorchContents(
    object? Root, IReadOnlyDictionary<string, (long Offset, long LengthBytes)> Extents, Func<string, string> RecordOf);
