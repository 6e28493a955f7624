using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Weights;

/// <summary>
/// The weights of a Hugging Face folder as one lookup: model.safetensors, or the shards that model.safetensors.index.json lists in its
/// <c>weight_map</c> (tensor name to file name), or shards whose names count them (model-00001-of-00003.safetensors) without an index.
/// Where those are not there whole, pytorch_model.bin in the same ways.
/// </summary>
public sealed class WeightSet : IDisposable
{
    private readonly List<ITensorFile> _files = [];
    private readonly Dictionary<string, (TensorInfo Tensor, ITensorFile File)> _tensors = new(StringComparer.Ordinal);

    // Of tensors of which it is not known where to read them, what is wrong: it counts only if somebody wants the tensor.
    private readonly Dictionary<string, NeuralinkException> _misplaced = new(StringComparer.Ordinal);

    private WeightSet(string folder)
    {
        Folder = folder;
    }

    /// <summary>The folder, as it was given.</summary>
    public string Folder { get; }

    /// <summary>The names of all tensors that can be read.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>The names of tensors in several shards and no index, or in another shard than the index says, or in none.</summary>
    public IReadOnlyCollection<string> MisplacedNames => _misplaced.Keys;

    /// <summary>Opens every file of the folder and validates what it says of its tensors.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="note">Takes, a line each, which files were not read although they could have been.</param>
    /// <exception cref="NeuralinkException">There are no weights, a shard is missing or damaged, or the index and
    /// the shards disagree.</exception>
    public static WeightSet Open(string folder, Action<string>? note = null)
    {
        if (!WeightForm.Torch.IsIn(folder))
            return Open(WeightForm.Safetensors, folder, note);
        if (!WeightForm.Safetensors.IsIn(folder))
            return Open(WeightForm.Torch, folder, note);
        try
        {
            return Open(WeightForm.Safetensors, folder, note);
        }
        catch (NeuralinkException safetensors)
        {
            WeightSet? set = TryOpen(WeightForm.Torch, folder, note);
            if (set is null)
                throw;
            note?.Invoke($"{safetensors.Message}; {WeightForm.Torch.Single} or its shards were read instead");
            return set;
        }
    }

    /// <summary>The tensor of that name, or null.</summary>
    /// <exception cref="NeuralinkException">It is one of <see cref="MisplacedNames"/>.</exception>
    public TensorInfo? Find(string name)
    {
        if (_misplaced.TryGetValue(name, out NeuralinkException? error))
            throw error;
        return _tensors.TryGetValue(name, out var entry) ? entry.Tensor : null;
    }

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="NeuralinkException">There is none.</exception>
    public TensorInfo Get(string name) => Find(name) ?? throw new NeuralinkException(
        $"load the weights of {Folder}", $"a tensor '{name}'", $"none among {_tensors.Count}",
        "the configuration and the weights are not of the same model");

    /// <inheritdoc cref="ITensorFile.Read"/>
    public void Read(TensorInfo tensor, long offsetBytes, Span<byte> destination)
    {
        if (!_tensors.TryGetValue(tensor.Name, out var entry))
            throw new ArgumentException($"Tensor '{tensor.Name}' is not of {Folder}.", nameof(tensor));
        entry.File.Read(tensor, offsetBytes, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(static file => file.Dispose());

    private static WeightSet? TryOpen(WeightForm form, string folder, Action<string>? note)
    {
        try
        {
            return Open(form, folder, note);
        }
        catch (NeuralinkException)
        {
            return null;
        }
    }

    private static WeightSet Open(WeightForm form, string folder, Action<string>? note)
    {
        WeightSet set = new(folder);
        try
        {
            WeightFiles files = WeightFiles.Choose(form, folder, note);
            foreach (string name in files.Names)
                set._files.Add(form.Open(Path.Combine(folder, name), note));
            set.Gather(files);
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Looks every tensor up where the index says. One that the index does not list counts too if one shard has it: libraries load whole
    /// shards.
    /// </summary>
    private void Gather(WeightFiles files)
    {
        Dictionary<string, ITensorFile> byName = files.Names.Zip(_files).ToDictionary(StringComparer.Ordinal);
        foreach ((string name, string shard) in files.ShardByTensor)
        {
            if (byName[shard].Tensors.TryGetValue(name, out TensorInfo? tensor))
            {
                _tensors.Add(name, (tensor, byName[shard]));
                continue;
            }
            string? other = byName.FirstOrDefault(file => file.Value.Tensors.ContainsKey(name)).Key;
            _misplaced.Add(name, NotInShard(files, name, shard, other));
        }
        foreach ((string shard, ITensorFile file) in byName)
        {
            foreach (TensorInfo tensor in file.Tensors.Values.Where(tensor => !files.ShardByTensor.ContainsKey(tensor.Name)))
                AddUnlisted(tensor, file, shard, byName);
        }
    }

    private void AddUnlisted(TensorInfo tensor, ITensorFile file, string shard, Dictionary<string, ITensorFile> byName)
    {
        if (_tensors.Remove(tensor.Name, out var earlier))
            _misplaced.Add(tensor.Name, InTwo(tensor.Name, byName.Single(entry => entry.Value == earlier.File).Key, shard));
        else if (!_misplaced.ContainsKey(tensor.Name))
            _tensors.Add(tensor.Name, (tensor, file));
    }

    private NeuralinkException InTwo(string name, string first, string second) => new(
        $"load the weights of {Folder}", $"tensor '{name}' in one shard", $"it in {first} and in {second}",
        "give the index that says which one counts");

    private static NeuralinkException NotInShard(WeightFiles files, string name, string shard, string? other) => new(
        $"open {files.IndexPath}", $"tensor '{name}' in {shard}", other is null ? "it in no shard" : $"it in {other}",
        "index and shards are of different models or versions; get them again");
}
