namespace Neuralink.Storage.Safetensors;

/// <summary>
/// The weights of a Hugging Face folder as one lookup: model.safetensors, or the shards that model.safetensors.index.json lists in its
/// <c>weight_map</c> (tensor name to file name), or shards whose names count them (model-00001-of-00003.safetensors) without an index.
/// </summary>
public sealed class SafetensorsSet : IDisposable
{
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (TensorInfo Tensor, SafetensorsFile File)> _tensors = new(StringComparer.Ordinal);

    // Of tensors of which it is not known where to read them, what is wrong: it counts only if somebody wants the tensor.
    private readonly Dictionary<string, NeuralinkException> _misplaced = new(StringComparer.Ordinal);

    private SafetensorsSet(string folder)
    {
        Folder = folder;
    }

    /// <summary>The folder, as it was given.</summary>
    public string Folder { get; }

    /// <summary>The names of all tensors that can be read.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>The names of tensors in several shards and no index, or in another shard than the index says, or in none.</summary>
    public IReadOnlyCollection<string> MisplacedNames => _misplaced.Keys;

    /// <summary>Opens every file of the folder and validates its header.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="note">Takes, a line each, which files were not read although they could have been.</param>
    /// <exception cref="NeuralinkException">There are no weights, a shard is missing or damaged, or the index and
    /// the shards disagree.</exception>
    public static SafetensorsSet Open(string folder, Action<string>? note = null)
    {
        SafetensorsSet set = new(folder);
        try
        {
            WeightFiles files = WeightFiles.Choose(folder, note);
            foreach (string name in files.Names)
                set._files.Add(SafetensorsFile.Open(Path.Combine(folder, name)));
            set.Gather(files);
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
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

    /// <inheritdoc cref="SafetensorsFile.Read"/>
    public void Read(TensorInfo tensor, long offsetBytes, Span<byte> destination)
    {
        if (!_tensors.TryGetValue(tensor.Name, out var entry))
            throw new ArgumentException($"Tensor '{tensor.Name}' is not of {Folder}.", nameof(tensor));
        entry.File.Read(tensor, offsetBytes, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(static file => file.Dispose());

    /// <summary>
    /// Looks every tensor up where the index says. One that the index does not list counts too if one shard has it: libraries load whole
    /// shards.
    /// </summary>
    private void Gather(WeightFiles files)
    {
        Dictionary<string, SafetensorsFile> byName = files.Names.Zip(_files).ToDictionary(StringComparer.Ordinal);
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
        foreach ((string shard, SafetensorsFile file) in byName)
        {
            foreach (TensorInfo tensor in file.InFileOrder.Where(tensor => !files.ShardByTensor.ContainsKey(tensor.Name)))
                AddUnlisted(tensor, file, shard, byName);
        }
    }

    private void AddUnlisted(TensorInfo tensor, SafetensorsFile file, string shard, Dictionary<string, SafetensorsFile> byName)
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
