using System.Globalization;
using System.Text.RegularExpressions;
using Neuralink.Storage.Pickle;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Weights;

/// <summary>How a form of weights is laid out in a Hugging Face folder: one file, or shards and an index.</summary>
public sealed partial class WeightForm
{
    private readonly Regex _shard;
    private readonly Func<string, Action<string>?, ITensorFile> _open;

    private WeightForm(string single, string index, string extension, Regex shard, Func<string, Action<string>?, ITensorFile> open)
    {
        Single = single;
        Index = index;
        Extension = extension;
        _shard = shard;
        _open = open;
    }

    /// <summary>The form that is preferred.</summary>
    public static WeightForm Safetensors { get; } = new(
        "model.safetensors", "model.safetensors.index.json", ".safetensors", SafetensorsShard(), (path, _) => SafetensorsFile.Open(path));

    /// <summary>What PyTorch's torch.save writes.</summary>
    public static WeightForm Torch { get; } = new(
        "pytorch_model.bin", "pytorch_model.bin.index.json", ".bin", TorchShard(), TorchFile.Open);

    /// <summary>The one file.</summary>
    public string Single { get; }

    /// <summary>The index of shards.</summary>
    public string Index { get; }

    /// <summary>What the names of shards end with.</summary>
    public string Extension { get; }

    /// <summary>Whether a folder has any of its files.</summary>
    public bool IsIn(string folder) =>
        File.Exists(Path.Combine(folder, Single)) || File.Exists(Path.Combine(folder, Index)) || Shards(folder).Any();

    /// <summary>Whether a file is called as a shard is.</summary>
    public bool IsShard(string name) => _shard.IsMatch(name);

    /// <summary>The numbered shards that a folder has, in their order.</summary>
    internal IEnumerable<Shard> Shards(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, $"*{Extension}").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
            .Select(name => _shard.Match(name)).Where(match => match.Success)
            .Select(match => new Shard(match.Value, Number(match.Groups["shard"]), Number(match.Groups["count"])))
        : [];

    /// <summary>The shards that the index in a folder names.</summary>
    /// <exception cref="NeuralinkException">It cannot be read.</exception>
    public IReadOnlyCollection<string> ShardsOfIndex(string folder) =>
        ShardIndex.Read(Path.Combine(folder, Index), Extension).Values.ToHashSet(StringComparer.Ordinal);

    /// <summary>Whether all files are there that a folder's weights consist of. They are not opened.</summary>
    public bool IsWholeIn(string folder)
    {
        try
        {
            return WeightFiles.Choose(this, folder, note: null).Names.All(name => File.Exists(Path.Combine(folder, name)));
        }
        catch (NeuralinkException)
        {
            return false;
        }
    }

    /// <summary>Opens a file of this form.</summary>
    internal ITensorFile Open(string path, Action<string>? note) => _open(path, note);

    private static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\Amodel-(?<shard>[0-9]{5})-of-(?<count>[0-9]{5})\.safetensors\z", RegexOptions.ExplicitCapture)]
    private static partial Regex SafetensorsShard();

    [GeneratedRegex(@"\Apytorch_model-(?<shard>[0-9]{5})-of-(?<count>[0-9]{5})\.bin\z", RegexOptions.ExplicitCapture)]
    private static partial Regex TorchShard();
}

/// <summary>A file whose name counts it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Number">Its number, from 1 on.</param>
/// <param name="Count">How many there are.</param>
internal readonly record struct Shard(string Name, int Number, int Count);
