using System.Globalization;
using System.Text.RegularExpressions;

namespace Neuralink.Storage.Safetensors;

/// <summary>
/// Which safetensors files of a folder hold the model. Folders are put together by hand and by downloads that stop, so there may be more
/// than one answer; none is taken in silence.
/// </summary>
/// <param name="Names">The files, by their names in the folder.</param>
/// <param name="ShardByTensor">What the index says; empty where there is none.</param>
/// <param name="IndexPath">The index, for messages.</param>
internal sealed partial record WeightFiles(
    IReadOnlyList<string> Names, IReadOnlyDictionary<string, string> ShardByTensor, string IndexPath)
{
    private const string Single = "model.safetensors";
    private const string Unfinished = "the download was not finished; get the missing files";
    private const string NotMeant = "move away those that are not meant";
    private const string Index = "model.safetensors.index.json";

    private static readonly Dictionary<string, string> s_noIndex = new(StringComparer.Ordinal);

    /// <exception cref="NeuralinkException">There are none, some are missing, or two sets of them could be meant.</exception>
    public static WeightFiles Choose(string folder, Action<string>? note)
    {
        string index = Path.Combine(folder, Index);
        bool hasSingle = File.Exists(Path.Combine(folder, Single));
        if (File.Exists(index))
            return OfIndex(folder, index, hasSingle, note);
        Match[] shards = [.. Shards(folder)];
        if (!hasSingle && shards.Length > 0)
            return Counted(folder, index, shards, note);
        if (!hasSingle)
            throw MissingFile.DescribeWeights($"load the weights of {folder}", $"{Single} or {Index}", folder);
        if (shards.Length > 0)
        {
            string beside = List([.. shards.Select(shard => shard.Value)]);
            note?.Invoke($"{Single} of {folder} was read, and {beside} beside it not: {Index} is not there");
        }
        return new WeightFiles([Single], s_noIndex, index);
    }

    private static IEnumerable<Match> Shards(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*.safetensors").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
            .Select(name => ShardName().Match(name)).Where(match => match.Success)
        : [];

    private static WeightFiles OfIndex(string folder, string index, bool hasSingle, Action<string>? note)
    {
        IReadOnlyDictionary<string, string> shardByTensor = SafetensorsIndex.Read(index);
        string[] shards = [.. shardByTensor.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        string[] missing = [.. shards.Where(shard => !File.Exists(Path.Combine(folder, shard)))];
        if (hasSingle && !shards.Contains(Single, StringComparer.Ordinal))
            return Between(folder, index, shardByTensor, shards, missing, note);
        return missing.Length == 0 ? new WeightFiles(shards, shardByTensor, index)
            : throw new NeuralinkException(
                $"open {index}", $"its {shards.Length} shards beside it", $"no {List(missing)}", Unfinished);
    }

    /// <summary>One file and shards: the set that has all tensors of the index is meant, if there is only one.</summary>
    private static WeightFiles Between(
        string folder, string index, IReadOnlyDictionary<string, string> shardByTensor, string[] shards, string[] missing,
        Action<string>? note)
    {
        int lacking;
        using (SafetensorsFile single = SafetensorsFile.Open(Path.Combine(folder, Single)))
            lacking = shardByTensor.Keys.Count(name => !single.Tensors.ContainsKey(name));
        if (missing.Length == 0 && lacking > 0)
        {
            note?.Invoke($"{Single} lacks {lacking} tensors of {Index} and was not read; the shards of {index} were");
            return new WeightFiles(shards, shardByTensor, index);
        }
        if (missing.Length > 0 && lacking == 0)
        {
            note?.Invoke($"{Index} lists shards that are not there ({List(missing)}) and was not read; {Single} of {folder} was");
            return new WeightFiles([Single], s_noIndex, index);
        }
        throw new NeuralinkException(
            $"load the weights of {folder}", $"either {Single} or the shards of {Index}",
            missing.Length == 0
                ? "both, and both whole"
                : $"both, and neither whole: no {List(missing)}, and {lacking} tensors less in {Single}",
            NotMeant);
    }

    /// <summary>Shards without their index, if all are there that their names count.</summary>
    private static WeightFiles Counted(string folder, string index, Match[] shards, Action<string>? note)
    {
        int[] counts = [.. shards.Select(match => Number(match, "count")).Distinct()];
        if (counts.Length > 1)
        {
            throw new NeuralinkException(
                $"load the weights of {folder}", $"the shards of one set, or {Index}",
                $"some of {List([.. counts.Select(count => $"{count}")])} shards", NotMeant);
        }
        HashSet<int> there = [.. shards.Select(match => Number(match, "shard"))];
        string[] missing = [.. Enumerable.Range(1, counts[0]).Where(number => !there.Contains(number)).Select(number => $"shard {number}")];
        if (missing.Length > 0)
        {
            throw new NeuralinkException(
                $"load the weights of {folder}", $"{Index} and all {counts[0]} shards that the name of {shards[0].Value} counts",
                $"no index and no {List(missing)}", Unfinished);
        }
        note?.Invoke($"{Index} is not there; the {counts[0]} shards of {folder} were read by their names");
        return new WeightFiles([.. shards.Select(match => match.Value)], s_noIndex, index);
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private static string List(string[] names)
    {
        const int shownMax = 4;
        string shown = string.Join(", ", names.Take(shownMax));
        return names.Length <= shownMax ? shown : $"{shown} and {names.Length - shownMax} more";
    }

    [GeneratedRegex(@"\Amodel-(?<shard>[0-9]{5})-of-(?<count>[0-9]{5})\.safetensors\z", RegexOptions.ExplicitCapture)]
    private static partial Regex ShardName();
}
