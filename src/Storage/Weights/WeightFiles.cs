namespace Neuralink.Storage.Weights;

/// <summary>
/// Which files of a folder hold the model. Folders are put together by hand and by downloads that stop, so there may be more than one
/// answer; none is taken in silence.
/// </summary>
/// <param name="Names">The files, by their names in the folder.</param>
/// <param name="ShardByTensor">What the index says; empty where there is none.</param>
/// <param name="IndexPath">The index, for messages.</param>
internal sealed record WeightFiles(IReadOnlyList<string> Names, IReadOnlyDictionary<string, string> ShardByTensor, string IndexPath)
{
    private const string Unfinished = "the download was not finished; get the missing files";
    private const string NotMeant = "move away those that are not meant";

    private static readonly Dictionary<string, string> s_noIndex = new(StringComparer.Ordinal);

    /// <summary>The files of one form.</summary>
    /// <exception cref="NeuralinkException">There are none, some are missing, or two sets of them could be meant.</exception>
    public static WeightFiles Choose(WeightForm form, string folder, Action<string>? note)
    {
        string index = Path.Combine(folder, form.Index);
        bool hasSingle = File.Exists(Path.Combine(folder, form.Single));
        if (File.Exists(index))
            return OfIndex(form, folder, index, hasSingle, note);
        Shard[] shards = [.. form.Shards(folder)];
        if (!hasSingle && shards.Length > 0)
            return Counted(form, folder, index, shards, note);
        if (!hasSingle)
            throw MissingFile.DescribeWeights($"load the weights of {folder}", $"{form.Single} or {form.Index}", folder);
        if (shards.Length > 0)
        {
            string beside = List([.. shards.Select(shard => shard.Name)]);
            note?.Invoke($"{form.Single} of {folder} was read, and {beside} beside it not: {form.Index} is not there");
        }
        return new WeightFiles([form.Single], s_noIndex, index);
    }

    private static WeightFiles OfIndex(WeightForm form, string folder, string index, bool hasSingle, Action<string>? note)
    {
        IReadOnlyDictionary<string, string> shardByTensor = ShardIndex.Read(index, form.Extension);
        string[] shards = [.. shardByTensor.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        string[] missing = [.. shards.Where(shard => !File.Exists(Path.Combine(folder, shard)))];
        WeightFiles sharded = new(shards, shardByTensor, index);
        if (hasSingle && !shards.Contains(form.Single, StringComparer.Ordinal))
            return Between(form, folder, sharded, missing, note);
        return missing.Length == 0 ? sharded : throw new NeuralinkException(
            $"open {index}", $"its {shards.Length} shards beside it", $"no {List(missing)}", Unfinished);
    }

    /// <summary>One file and shards: the set that has all tensors of the index is meant, if there is only one.</summary>
    private static WeightFiles Between(WeightForm form, string folder, WeightFiles sharded, string[] missing, Action<string>? note)
    {
        int lacking;
        using (ITensorFile single = form.Open(Path.Combine(folder, form.Single), note: null))
            lacking = sharded.ShardByTensor.Keys.Count(name => !single.Tensors.ContainsKey(name));
        if (missing.Length == 0 && lacking > 0)
        {
            note?.Invoke($"{form.Single} lacks {lacking} tensors of {form.Index} and was not read; the shards of {sharded.IndexPath} were");
            return sharded;
        }
        if (missing.Length > 0 && lacking == 0)
        {
            note?.Invoke($"{form.Index} lists shards that are not there ({List(missing)}) and was not read; {form.Single} of {folder} was");
            return new WeightFiles([form.Single], s_noIndex, sharded.IndexPath);
        }
        throw new NeuralinkException(
            $"load the weights of {folder}", $"either {form.Single} or the shards of {form.Index}",
            missing.Length == 0
                ? "both, and both whole"
                : $"both, and neither whole: no {List(missing)}, and {lacking} tensors less in {form.Single}",
            NotMeant);
    }

    /// <summary>Shards without their index, if all are there that their names count.</summary>
    private static WeightFiles Counted(WeightForm form, string folder, string index, Shard[] shards, Action<string>? note)
    {
        int[] counts = [.. shards.Select(shard => shard.Count).Distinct()];
        if (counts.Length > 1)
        {
            throw new NeuralinkException(
                $"load the weights of {folder}", $"the shards of one set, or {form.Index}",
                $"some of {List([.. counts.Select(count => $"{count}")])} shards", NotMeant);
        }
        HashSet<int> there = [.. shards.Select(shard => shard.Number)];
        string[] missing = [.. Enumerable.Range(1, counts[0]).Where(number => !there.Contains(number)).Select(number => $"shard {number}")];
        if (missing.Length > 0)
        {
            throw new NeuralinkException(
                $"load the weights of {folder}", $"{form.Index} and all {counts[0]} shards that the name of {shards[0].Name} counts",
                $"no index and no {List(missing)}", Unfinished);
        }
        note?.Invoke($"{form.Index} is not there; the {counts[0]} shards of {folder} were read by their names");
        return new WeightFiles([.. shards.Select(shard => shard.Name)], s_noIndex, index);
    }

    private static string List(string[] names)
    {
        const int shownMax = 4;
        string shown = string.Join(", ", names.Take(shownMax));
        return names.Length <= shownMax ? shown : $"{shown} and {names.Length - shownMax} more";
    }
}
