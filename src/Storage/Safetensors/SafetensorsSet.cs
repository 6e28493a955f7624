namespace Neuralink.Storage.Safetensors;

/// <summary>
/// The weights of a Hugging Face folder as one lookup: model.safetensors, or the shards that model.safetensors.index.json lists in its
/// <c>weight_map</c> (tensor name to file name).
/// </summary>
public sealed class SafetensorsSet : IDisposable
{
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (TensorInfo Tensor, SafetensorsFile File)> _tensors = new(StringComparer.Ordinal);

    private SafetensorsSet(string folder)
    {
        Folder = folder;
    }

    /// <summary>The folder, as it was given.</summary>
    public string Folder { get; }

    /// <summary>The names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>Opens every file of the folder and validates its header.</summary>
    /// <exception cref="NeuralinkException">There are no weights, a shard is missing or damaged, or the index and the shards disagree.</exception>
    public static SafetensorsSet Open(string folder)
    {
        SafetensorsSet set = new(folder);
        try
        {
            set.OpenFiles();
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of that name, or null.</summary>
    public TensorInfo? Find(string name) => _tensors.TryGetValue(name, out var entry) ? entry.Tensor : null;

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="NeuralinkException">There is none.</exception>
    public TensorInfo Get(string name) => Find(name)
        ?? throw new NeuralinkException($"load the weights of {Folder}", $"a tensor '{name}'", $"none among {_tensors.Count}", "the configuration and the weights are not of the same model");

    /// <inheritdoc cref="SafetensorsFile.Read"/>
    public void Read(TensorInfo tensor, long offsetBytes, Span<byte> destination)
    {
        if (!_tensors.TryGetValue(tensor.Name, out var entry))
            throw new ArgumentException($"Tensor '{tensor.Name}' is not of {Folder}.", nameof(tensor));
        entry.File.Read(tensor, offsetBytes, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(static file => file.Dispose());

    private void OpenFiles()
    {
        string single = Path.Combine(Folder, SingleName);
        string index = Path.Combine(Folder, IndexName);
        if (File.Exists(single))
        {
            SafetensorsFile file = Add(single);
            foreach (TensorInfo tensor in file.InFileOrder)
                _tensors.Add(tensor.Name, (tensor, file));
        }
        else if (File.Exists(index))
        {
            OpenShards(index, SafetensorsIndex.Read(index));
        }
        else
        {
            throw MissingFile.DescribeWeights($"load the weights of {Folder}", $"{SingleName} or {IndexName}", Folder);
        }
    }

    private void OpenShards(string index, IReadOnlyDictionary<string, string> shardByTensor)
    {
        Dictionary<string, SafetensorsFile> shards = new(StringComparer.Ordinal);
        Dictionary<string, string> holder = new(StringComparer.Ordinal);
        foreach (string shard in shardByTensor.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            SafetensorsFile file = Add(Path.Combine(Folder, shard));
            shards.Add(shard, file);
            foreach (TensorInfo tensor in file.InFileOrder)
            {
                if (!holder.TryAdd(tensor.Name, shard))
                    throw new NeuralinkException($"open {index}", $"tensor '{tensor.Name}' in one shard", $"it is in {holder[tensor.Name]} and in {shard}");
            }
        }

        foreach ((string name, string shard) in shardByTensor)
        {
            if (!shards[shard].Tensors.TryGetValue(name, out TensorInfo? tensor))
                throw new NeuralinkException($"open {index}", $"tensor '{name}' in {shard}", holder.TryGetValue(name, out string? other) ? $"it in {other}" : "it in no shard");
            _tensors.Add(name, (tensor, shards[shard]));
        }
    }

    private SafetensorsFile Add(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        _files.Add(file);
        return file;
    }
}
