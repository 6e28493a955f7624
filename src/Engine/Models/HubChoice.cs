using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;
using Neuralink.Storage.Hub;
using Neuralink.Storage.Weights;

namespace Neuralink;

/// <summary>
/// The files of a repository that a model needs: its settings, and weights of one form. Repositories have more: the same weights in other
/// forms, pictures, optimizer states.
/// </summary>
internal sealed class HubChoice
{
    private const string ModelFile = ".gguf";

    private readonly IReadOnlyList<string> _names;
    private readonly WeightForm? _indexed;

    private HubChoice(IReadOnlyList<string> first, IReadOnlyList<string> names, WeightForm? indexed = null, string? file = null)
    {
        First = first;
        _names = names;
        _indexed = indexed;
        File = file;
    }

    /// <summary>The small files, which say which the others are.</summary>
    public IReadOnlyList<string> First { get; }

    /// <summary>The file that is the model; null where the folder is.</summary>
    public string? File { get; }

    /// <summary>Chooses among the names of all files of a repository.</summary>
    /// <exception cref="NeuralinkException">There is no model among them, or more than one.</exception>
    public static HubChoice Of(HubAddress address, IReadOnlyList<string> names, ModelParts parts)
    {
        HashSet<string> there = new(names, StringComparer.Ordinal);
        if (address.File is { } file)
            return there.Contains(file) ? new HubChoice([], WholePartsOf(file, there), file: file) : throw NoFile(address, file, names);
        WeightForm? form = there.Contains(HuggingFaceFiles.Config)
            ? Array.Find([WeightForm.Safetensors, WeightForm.Torch], form => names.Any(name => IsOf(form, name)))
            : null;
        string[] settings = [.. HuggingFaceFiles.Settings.Where(there.Contains).Where(name => !IsIndex(name))];
        if (parts == ModelParts.Settings && settings.Intersect(TokenizerFiles.All, StringComparer.Ordinal).Any())
            return new HubChoice(settings, []);
        if (form is null)
            return Single(address, names, there);
        if (there.Contains(form.Single))
            return new HubChoice(settings, [form.Single]);
        return there.Contains(form.Index)
            ? new HubChoice([.. settings, form.Index], names, form)
            : new HubChoice(settings, [.. names.Where(form.IsShard)]);
    }

    /// <summary>The large files.</summary>
    /// <param name="folder">Where the first ones are.</param>
    /// <exception cref="NeuralinkException">The index cannot be read, or names shards that are not in the repository.</exception>
    public IReadOnlyList<string> Rest(string folder)
    {
        if (_indexed is null)
            return _names;
        string[] shards = [.. _indexed.ShardsOfIndex(folder).Order(StringComparer.Ordinal)];
        return Array.Find(shards, shard => !_names.Contains(shard, StringComparer.Ordinal)) is { } missing
            ? throw NotWhole($"fetch the shards of {Path.Combine(folder, _indexed.Index)}", missing)
            : shards;
    }

    private static NeuralinkException NotWhole(string operation, string missing) => new(
        operation, missing, "no such file in the repository", "the repository is not whole; give another model or revision");

    private static IReadOnlyList<string> WholePartsOf(string file, HashSet<string> there) =>
        PartsOf(file).FirstOrDefault(part => !there.Contains(part)) is { } missing
            ? throw NotWhole($"fetch all parts of {file}", missing)
            : PartsOf(file);

    /// <summary>The files that a GGUF file is one of.</summary>
    private static IReadOnlyList<string> PartsOf(string file)
    {
        string folder = file[..(file.LastIndexOf('/') + 1)];
        return [.. GgufSet.FilesOf(file[folder.Length..]).Select(part => folder + part)];
    }

    private static bool IsModelFile(string name) => name.EndsWith(ModelFile, StringComparison.OrdinalIgnoreCase);

    private static bool IsIndex(string name) => name == WeightForm.Safetensors.Index || name == WeightForm.Torch.Index;

    private static bool IsOf(WeightForm form, string name) => name == form.Single || name == form.Index || form.IsShard(name);

    private static HubChoice Single(HubAddress address, IReadOnlyList<string> names, HashSet<string> there)
    {
        string[] files = [.. names.Where(name => IsModelFile(name) && PartsOf(name)[0] == name)];
        if (files.Length == 1)
            return new HubChoice([], WholePartsOf(files[0], there), file: files[0]);
        string operation = $"choose the files of {address}";
        if (files.Length > 1)
        {
            throw new NeuralinkException(
                operation, $"the name of one of its GGUF files, as {HubAddress.Scheme}{address.Repository}/{files[0]}", List(files));
        }
        string advice = names.Contains("adapter_config.json", StringComparer.Ordinal)
            ? "this is an adapter (LoRA), not a model: give the model that it was merged into"
            : "give a repository with one of these";
        throw new NeuralinkException(
            operation, $"{HuggingFaceFiles.Config} with {WeightForm.Safetensors.Single} or {WeightForm.Torch.Single}, or a GGUF file",
            List(names), advice);
    }

    private static NeuralinkException NoFile(HubAddress address, string file, IReadOnlyList<string> names)
    {
        string[] alike = [.. names.Where(IsModelFile)];
        return new NeuralinkException($"fetch {address}", file, $"no such file, but {List(alike.Length > 0 ? alike : names)}");
    }

    private static string List(IReadOnlyList<string> names)
    {
        const int shownMax = 12;
        string shown = names.Count == 0 ? "no files" : string.Join(", ", names.Take(shownMax));
        return names.Count <= shownMax ? shown : $"{shown} and {names.Count - shownMax} more";
    }
}
