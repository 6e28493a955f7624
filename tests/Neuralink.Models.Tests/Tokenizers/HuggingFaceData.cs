using System.IO.Compression;
using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers;

namespace Neuralink.Models.Tests.Tokenizers;

/// <summary>The tokenizers of ../shared/data/tokenizers/hf, laid out as a user has them.</summary>
internal static class HuggingFaceData
{
    public const string Root = "tokenizers/hf";

    /// <summary>Every set of vectors there: its folder, and its name where that is another.</summary>
    public static IEnumerable<(string Folder, string Name)> Sets
    {
        get
        {
            foreach (string kind in (string[])["rich", "small"])
            {
                string folder = RepositoryFiles.SharedData($"{Root}/{kind}");
                foreach (string set in Directory.Exists(folder) ? Directory.GetDirectories(folder) : [])
                    yield return ($"{kind}/{Path.GetFileName(set)}", Path.GetFileName(set));
            }
            yield return ("opt", "opt");
            foreach (string variant in (string[])["", "-chatml", "-metaspace", "-normalized"])
                yield return ("llama-2", $"llama-2{variant}");
        }
    }

    public static string PathOf(string file) => RepositoryFiles.SharedData($"{Root}/{file}");

    public static IEnumerable<JsonNode> Lines(string file) => File.ReadLines(PathOf(file)).Select(line => JsonNode.Parse(line)!);

    public static int[] Ids(JsonNode list) => [.. list.AsArray().Select(id => (int)id!)];

    /// <summary>Loads the tokenizer of a set as a user would: from its folder, but Llama-2's from its tokenizer.json alone.</summary>
    public static Tokenizer Load(string folder, string name)
    {
        using TemporaryFolder copy = new();
        if (folder == "llama-2")
        {
            JsonNode json = JsonNode.Parse(Unzip("llama-2/tokenizer.json.gz"))!;
            string patch = PathOf($"llama-2/{name}.patch.json");
            if (File.Exists(patch))
                Apply(JsonNode.Parse(File.ReadAllText(patch))!, json);
            return Tokenizer.Load(copy.Write("tokenizer.json", json.ToJsonString()));
        }
        foreach (string file in Directory.GetFiles(PathOf(folder)))
        {
            string target = Path.GetFileName(file);
            if (target.EndsWith(".gz", StringComparison.Ordinal))
                copy.Write(target[..^".gz".Length], Unzip($"{folder}/{target}"));
            else if (!target.EndsWith(".jsonl", StringComparison.Ordinal))
                File.Copy(file, Path.Combine(copy.Path, target));
        }
        return Tokenizer.Load(copy.Path);
    }

    private static string Unzip(string file)
    {
        using GZipStream stream = new(File.OpenRead(PathOf(file)), CompressionMode.Decompress);
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    private static void Apply(JsonNode patch, JsonNode json)
    {
        foreach ((string pointer, JsonNode? value) in patch["replace"]!.AsObject())
        {
            string[] names = pointer[1..].Split('/');
            JsonNode parent = names[..^1].Aggregate(json, (node, name) => node[name]!);
            parent[names[^1]] = value?.DeepClone();
        }
        if ((bool)patch["merges_as_pairs"]!)
        {
            JsonArray merges = json["model"]!["merges"]!.AsArray();
            json["model"]!["merges"] = new JsonArray(
                [.. merges.Select(merge => new JsonArray([.. ((string)merge!).Split(' ').Select(part => JsonValue.Create(part))]))]);
        }
    }
}

/// <summary>A folder for one test, removed after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    /// <summary>Writes a file; returns its path.</summary>
    public string Write(string name, string content)
    {
        string path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
