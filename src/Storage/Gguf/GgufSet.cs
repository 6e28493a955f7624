using System.Globalization;
using System.Text.RegularExpressions;

namespace Neuralink.Storage.Gguf;

/// <summary>
/// A model in one GGUF file, or in the parts that llama.cpp's gguf-split makes of one: NAME-00001-of-00003.gguf and so on, of which the
/// first has the metadata.
/// </summary>
public sealed partial class GgufSet : IDisposable
{
    private const string CountKey = "split.count", NumberKey = "split.no", TensorsKey = "split.tensors.count";

    // gguf-split counts in 16 bits.
    private const int PartsMax = ushort.MaxValue;

    private readonly List<GgufFile> _files = [];
    private readonly Dictionary<string, (GgufTensor Tensor, GgufFile File)> _tensors = new(StringComparer.Ordinal);

    private GgufSet(string path)
    {
        Path = path;
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <inheritdoc cref="GgufFile.IsPowerInfer"/>
    public bool IsPowerInfer => _files[0].IsPowerInfer;

    /// <summary>The metadata of the model.</summary>
    public GgufMetadata Metadata => _files[0].Metadata;

    /// <summary>The names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>The files of the model that <paramref name="path"/> is a part of, the first one first; they need not be there.</summary>
    public static IReadOnlyList<string> FilesOf(string path)
    {
        Match match = PartName().Match(System.IO.Path.GetFileName(path));
        int count = match.Success ? int.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        if (count is < 2 or > PartsMax)
            return [path];
        string folder = System.IO.Path.GetDirectoryName(path)!, name = match.Groups["name"].Value;
        return [.. Enumerable.Range(1, count).Select(number => System.IO.Path.Combine(folder, $"{name}-{number:D5}-of-{count:D5}.gguf"))];
    }

    /// <summary>Opens every file of the model and validates its head.</summary>
    /// <param name="path">The file, or any part.</param>
    /// <exception cref="NeuralinkException">A file is missing or damaged, or the parts are not of one model.</exception>
    public static GgufSet Open(string path)
    {
        GgufSet set = new(path);
        try
        {
            IReadOnlyList<string> files = FilesOf(path);
            if (files.Count > 1 && files.FirstOrDefault(file => !File.Exists(file)) is { } missing)
            {
                throw new NeuralinkException(
                    $"open {path}", $"all {files.Count} parts of the model beside each other", $"no {System.IO.Path.GetFileName(missing)}",
                    "the download was not finished; get the missing files");
            }
            for (int i = 0; i < files.Count; i++)
                set.Add(GgufFile.Open(files[i]), i, files.Count);
            if (set.Metadata.Integer(TensorsKey) is { } count && count != set._tensors.Count)
                throw set.Metadata.Refuse(TensorsKey, $"the {set._tensors.Count} tensors that there are", $"{count}");
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of that name, or null.</summary>
    public GgufTensor? Find(string name) => _tensors.TryGetValue(name, out var entry) ? entry.Tensor : null;

    /// <inheritdoc cref="GgufFile.Read"/>
    public void Read(GgufTensor tensor, long offsetBytes, Span<byte> destination)
    {
        if (!_tensors.TryGetValue(tensor.Name, out var entry))
            throw new ArgumentException($"Tensor '{tensor.Name}' is not of {Path}.", nameof(tensor));
        entry.File.Read(tensor, offsetBytes, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(static file => file.Dispose());

    private void Add(GgufFile file, int number, int count)
    {
        _files.Add(file);
        int stated = file.Metadata.Integer(CountKey) ?? 1, statedNumber = file.Metadata.Integer(NumberKey) ?? 0;
        if (stated > 1 && count == 1)
        {
            throw file.Metadata.Refuse(
                CountKey, "of a file whose name says which part it is", $"{stated} in {System.IO.Path.GetFileName(file.Path)}",
                "give the parts the names that they were published by, as model-00001-of-00003.gguf");
        }
        if (count > 1 && (stated != count || statedNumber != number))
        {
            throw new NeuralinkException(
                $"open {file.Path}", $"part {number} of {count} (counted from 0), as its name has it", $"part {statedNumber} of {stated}",
                "the parts are of different models; get them again");
        }
        foreach (GgufTensor tensor in file.InFileOrder)
        {
            if (!_tensors.TryAdd(tensor.Name, (tensor, file)))
                throw new NeuralinkException($"open {file.Path}", "each tensor in one part", $"{tensor.Name} in two");
        }
    }

    [GeneratedRegex(@"\A(?<name>.+)-(?<part>[0-9]{5})-of-(?<count>[0-9]{5})\.gguf\z", RegexOptions.ExplicitCapture)]
    private static partial Regex PartName();
}
