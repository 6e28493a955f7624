using System.Text.Json;
using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>What becomes of a key of config.json or generation_config.json.</summary>
internal enum KeyFate
{
    /// <summary>It is read, and decides something.</summary>
    Used,

    /// <summary>It is not read, because it changes nothing of what this engine does.</summary>
    NoDifference,

    /// <summary>It would change the forward pass in a way that is not supported: refused, unless its value switches it off.</summary>
    Refused,
}

/// <summary>A key that a published model's file may carry, with its fate.</summary>
/// <param name="Name">The key.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Reason">Why, for readers of the table and, where it is refused, for the user.</param>
/// <param name="Neutral">Of a refused key: the value, a number, text or true, with which it changes nothing either.</param>
internal sealed record ConfigKey(string Name, KeyFate Fate, string Reason, object? Neutral = null)
{
    // The words that name parts of a forward pass. An unknown key with one of them is not taken for a note of whoever trained the model.
    private static readonly HashSet<string> s_forwardPass = new(
        [
            "act", "activation", "alibi", "attention", "attn", "bias", "clip", "conv", "emb", "embedding", "embeddings", "expert",
            "experts", "ffn", "gate", "gated", "kv", "layernorm", "logit", "logits", "mla", "mlp", "moe", "multiplier", "mup", "norm",
            "ntk", "position", "positional", "qk", "qkv", "residual", "rmsnorm", "rope", "rotary", "router", "scale", "scaling",
            "sink", "sinks",
            "sliding", "softcap", "softcapping", "softmax", "ssm", "window", "yarn",
        ],
        StringComparer.Ordinal);

    /// <summary>
    /// Gives every key of <paramref name="file"/> its fate. A key that is not in the table is ignored where its value says that it is off.
    /// Where its name has a word of the forward pass it is refused, because nobody here knows what it does. All others are ignored with a
    /// note: training tools leave dozens of their own keys in a configuration, and to refuse these would refuse good models.
    /// </summary>
    /// <param name="file">The root of the file.</param>
    /// <param name="table">The keys that may be there.</param>
    /// <param name="note">Takes what the user should know.</param>
    /// <exception cref="Neuralink.Storage.NeuralinkException">A key is refused.</exception>
    public static void CheckAll(JsonField file, IReadOnlyDictionary<string, ConfigKey> table, Action<string>? note)
    {
        List<string> ignored = [];
        foreach ((string name, JsonField value) in file.Properties())
        {
            if (table.TryGetValue(name, out ConfigKey? key))
                key.Check(value);
            else if (!IsOff(value) && !name.Contains("drop", StringComparison.Ordinal) && !IgnoreUnknown(name, value))
                ignored.Add(name);
        }
        if (ignored.Count > 0)
            note?.Invoke($"{file.File}: ignored {string.Join(", ", ignored)}, which this engine does not know");
    }

    /// <summary>Whether a value means that what its key names is not there: null, false, 0, and what is empty.</summary>
    public static bool IsOff(JsonField value) => value.Element.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Number => value.Element.TryGetDouble(out double number) && number == 0,
        JsonValueKind.String => value.Text().Length == 0,
        JsonValueKind.Array => value.Element.GetArrayLength() == 0,
        JsonValueKind.Object => value.Element.GetPropertyCount() == 0,
        _ => false,
    };

    /// <summary>Whether a key that nobody here knows may change the forward pass, going by the words of its name.</summary>
    public static bool NamesPartOfForwardPass(string name) => name.Split('_', '.').Any(s_forwardPass.Contains);

    /// <summary>Refuses <paramref name="value"/> where this key is refused and the value does not switch it off.</summary>
    public void Check(JsonField value)
    {
        if (Fate == KeyFate.Refused && !IsOff(value) && !IsNeutral(value))
            throw value.Refuse(Neutral is null ? "no such setting" : $"{Shown(Neutral)}, or no such setting", value.Shown(), Reason);
    }

    /// <summary>False where the user should hear of it.</summary>
    private static bool IgnoreUnknown(string name, JsonField value)
    {
        if (!NamesPartOfForwardPass(name))
            return false;
        throw value.Refuse(
            "a setting that this engine knows", value.Shown(),
            "it may change the forward pass; remove it if the model computes the same without it");
    }

    private static string Shown(object neutral) => neutral is string text ? $"\"{text}\"" : $"{neutral}".ToLowerInvariant();

    private bool IsNeutral(JsonField value) => Neutral switch
    {
        string text => value.Element.ValueKind == JsonValueKind.String && value.Text() == text,
        int number => value.Element.ValueKind == JsonValueKind.Number && value.Element.TryGetDouble(out double found) && found == number,
        true => value.Element.ValueKind == JsonValueKind.True,
        _ => false,
    };
}
