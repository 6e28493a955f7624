using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Checkpoints.Gguf;

/// <summary>
/// The keys of a model's architecture, "llama.block_count" and so on, asked for without the architecture. Which were asked for is kept:
/// one that nobody asks for and that names a part of a forward pass is refused in the end, because nobody here knows what it does.
/// </summary>
/// <param name="metadata">The file's metadata.</param>
/// <param name="architecture">The architecture's name.</param>
internal sealed class GgufKeys(GgufMetadata metadata, string architecture)
{
    // What only says how a model was made, or again what other keys say.
    private static readonly HashSet<string> s_noDifference = new(
        ["vocab_size", "rope.scaling.finetuned", "tensor_data_layout", "leading_dense_block_count"], StringComparer.Ordinal);

    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    public GgufMetadata Metadata => metadata;

    /// <summary>The key in full, as a message names it.</summary>
    public string Full(string key)
    {
        _asked.Add(key);
        return $"{architecture}.{key}";
    }

    /// <summary>A number of 1 or more, or null where there is none. A list with an item a layer has to have all of them equal.</summary>
    /// <exception cref="NeuralinkException">It is less, no number, or layers differ.</exception>
    public int? Count(string key)
    {
        string full = Full(key);
        int? value = metadata.IsArray(full) ? OfAllLayers(full) : metadata.Integer(full);
        return value is null or > 0 ? value : throw metadata.Refuse(full, "1 or more", $"{value}");
    }

    /// <exception cref="NeuralinkException">There is none, or it is less than 1.</exception>
    public int RequireCount(string key) => Count(key) ?? throw metadata.Missing(Full(key));

    /// <summary>A number, or null where there is none.</summary>
    public float? Number(string key) => metadata.Number(Full(key));

    public string? Text(string key) => metadata.Text(Full(key));

    /// <summary>Refuses a number other than 0 and other than <paramref name="neutral"/>.</summary>
    public void Without(string key, string what, float neutral = 0)
    {
        string full = Full(key);
        if (!metadata.IsArray(full) && metadata.Number(full) is { } value && value != 0 && value != neutral)
            throw metadata.Refuse(full, $"{neutral}, or no such key", metadata.Shown(full), $"{what} is not supported");
    }

    /// <summary>Refuses what was not asked for and may change the forward pass; says what else there is.</summary>
    public void CheckRest(Action<string>? note)
    {
        List<string> ignored = [];
        string prefix = $"{architecture}.";
        foreach (string full in metadata.Values.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            string key = full[prefix.Length..];
            if (_asked.Contains(key) || s_noDifference.Contains(key) || metadata.IsOff(full))
                continue;
            if (ConfigKey.NamesPartOfForwardPass(key))
            {
                throw metadata.Refuse(
                    full, "a key that this engine knows", metadata.Shown(full), "it may change the forward pass, and is not supported");
            }
            ignored.Add(full);
        }
        if (ignored.Count > 0)
            note?.Invoke($"{metadata.Path}: ignored {string.Join(", ", ignored)}, which this engine does not know");
    }

    private int? OfAllLayers(string full)
    {
        int[] values = [.. metadata.Integers(full)!.Distinct()];
        return values.Length == 1
            ? values[0]
            : throw metadata.Refuse(
                full, "the same in all layers", string.Join(", ", values), "layers of different sizes are not supported");
    }
}
