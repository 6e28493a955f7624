using System.IO.Enumeration;

namespace Neuralink.Storage;

/// <summary>
/// Says of a model's file that is not there what is there instead, and what to do with that. Models are published in many forms, and a user
/// who has another one than this engine reads has to learn which.
/// </summary>
public static class MissingFile
{
    /// <summary>How what was found begins.</summary>
    public const string NoSuchFile = "no such file";

    private const int ShownMax = 5;
    private const string GiveFolder = "give the folder of a Hugging Face model";
    private const string Convert = "convert the model to safetensors";
    private const string NameIt = "if this is a model as torch.save writes it, give it the name pytorch_model.bin";
    private const string NoTokenizer = "convert the tokenizer to a tokenizer.json, as Hugging Face's AutoTokenizer saves it";
    private const string NoAdapter = "this is an adapter (LoRA), not a model: merge it into its base model and give that";
    private const string GiveSafetensors = "give a model with safetensors weights";
    private const string GiveGguf = "give the GGUF file itself as the model";
    private const string Publishers = "this is a model in its publisher's own form; give the form that Hugging Face's transformers reads";
    private const string Unfinished = "the download was not finished; download the model again";

    /// <summary>What a user may have instead: a pattern of names, and what to do. The first pattern that fits gives the advice.</summary>
    private static readonly (string Pattern, string Advice)[] s_weights =
    [
        ("adapter_model*", NoAdapter), ("*.safetensors", "the weights are read from model.safetensors, or from the shards of its index"),
        ("*.safetensors.*", Unfinished), ("pytorch_model.bin.*", Unfinished), ("consolidated.*", Convert),
        ("*.gguf", GiveGguf), ("*.ggml", GiveSafetensors),
        .. from pattern in (string[])["*.bin", "*.pth", "*.pt", "*.ckpt*"] select (pattern, NameIt),
        .. from pattern in (string[])["*.h5", "*.msgpack", "*.ot", "*.onnx", "*.nemo", "*.npz"]
           select (pattern, Convert),
        .. from pattern in (string[])["*.incomplete", "*.part", "*.crdownload", "*.aria2"] select (pattern, Unfinished),
    ];

    private static readonly (string Pattern, string Advice)[] s_tokenizer =
    [
        ("tokenizer.json.*", Unfinished),
        .. from pattern in (string[])
               ["tokenizer.model*", "*.tiktoken", "tekken.json", "vocab.json", "merges.txt", "vocab.txt", "*.model"]
           select (pattern, NoTokenizer),
    ];

    private static readonly (string Pattern, string Advice)[] s_config =
    [
        ("adapter_config.json", NoAdapter), ("params.json", Publishers), ("*.gguf", GiveGguf), ("config.json.*", Unfinished),
        .. s_weights,
    ];

    /// <summary>The exception for <paramref name="path"/>, which is not there.</summary>
    /// <param name="path">The file that was looked for.</param>
    /// <param name="inner">The error below this one, if any.</param>
    public static NeuralinkException Describe(string path, Exception? inner = null)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!, name = Path.GetFileName(path);
        return Describe($"read {path}", name, folder, inner, new FileInfo(path).LinkTarget);
    }

    /// <summary>The exception for weights that are in none of the files that <paramref name="expected"/> lists.</summary>
    /// <param name="operation">What was being done.</param>
    /// <param name="expected">The files that were looked for.</param>
    /// <param name="folder">Where.</param>
    public static NeuralinkException DescribeWeights(string operation, string expected, string folder) =>
        Describe(operation, expected, folder, null, null);

    private static NeuralinkException Describe(string operation, string expected, string folder, Exception? inner, string? link)
    {
        if (link is not null)
        {
            return new NeuralinkException(
                operation, expected, $"a link to {link}, which is not there", "copy the files that the links lead to", inner);
        }
        if (!Directory.Exists(folder))
            return new NeuralinkException(operation, expected, "no such folder", GiveFolder, inner);
        (string Pattern, string Advice)[] table = expected.StartsWith("config", StringComparison.Ordinal) ? s_config
            : expected.StartsWith("tokenizer", StringComparison.Ordinal) ? s_tokenizer
            : s_weights;
        (string Name, string Advice)[] there = [.. Instead(folder, table)];
        if (there.Length == 0)
            return new NeuralinkException(operation, expected, NoSuchFile, Elsewhere(folder, expected) ?? GiveFolder, inner);
        string names = string.Join(", ", there.Take(ShownMax).Select(file => file.Name));
        string more = there.Length > ShownMax ? $" and {there.Length - ShownMax} more" : "";
        return new NeuralinkException(operation, expected, $"{NoSuchFile}, but {names}{more}", there[0].Advice, inner);
    }

    private static IEnumerable<(string Name, string Advice)> Instead(string folder, (string Pattern, string Advice)[] table)
    {
        string[] names = [.. Entries(folder, Directory.EnumerateFiles).Order(StringComparer.Ordinal)];
        return table
            .SelectMany(row => names
                .Where(name => FileSystemName.MatchesSimpleExpression(row.Pattern, name)).Select(name => (Name: name, row.Advice)))
            .DistinctBy(file => file.Name, StringComparer.Ordinal);
    }

    /// <summary>A folder of models, or Hugging Face's cache with its snapshots/REVISION, may have been given instead.</summary>
    private static string? Elsewhere(string folder, string name)
    {
        const string snapshots = "snapshots";
        IEnumerable<string> revisions = Entries(Path.Combine(folder, snapshots), Directory.EnumerateDirectories);
        IEnumerable<string> below = Entries(folder, Directory.EnumerateDirectories)
            .Concat(revisions.Select(revision => Path.Combine(snapshots, revision)));
        return below.Order(StringComparer.Ordinal).FirstOrDefault(sub => File.Exists(Path.Combine(folder, sub, name))) is { } found
            ? $"{Path.Combine(folder, found)} has one: give that folder"
            : null;
    }

    private static IEnumerable<string> Entries(string folder, Func<string, IEnumerable<string>> enumerate)
    {
        try
        {
            return [.. enumerate(folder).Select(path => Path.GetFileName(path))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
