using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Neuralink.Storage;

namespace Neuralink.Hosting;

/// <summary>
/// What the engine can do and <see cref="ChatOptions"/> has no property for: entries of its AdditionalProperties, under the names that
/// OpenAI-compatible servers know. Values may be numbers, texts, or JSON, as they come through a configuration or a wire.
/// </summary>
internal sealed record ChatKnobs
{
    private const string StreamOptions = "stream_options";      // usage is always there, asked for or not

    private static readonly string[] s_names =
        ["chat_template_kwargs", "deadline", "ignore_eos", "logit_bias", "min_p", "repeat_last_n", "repeat_penalty", StreamOptions];

    public float? MinP { get; init; }

    public float? RepeatPenalty { get; init; }

    public int? RepeatLastN { get; init; }

    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    public bool IgnoreEndTokens { get; init; }

    /// <summary>The most time that the answer may take.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>More names that the chat template may know.</summary>
    public IReadOnlyDictionary<string, JsonElement> TemplateVariables { get; init; } =
        new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    /// <exception cref="NeuralinkException">An entry is unknown, or its value is of another kind.</exception>
    public static ChatKnobs Read(AdditionalPropertiesDictionary? properties)
    {
        ChatKnobs knobs = new();
        foreach ((string name, object? value) in properties ?? [])
        {
            if (value is not null)
                knobs = knobs.With(name, value as JsonElement? ?? JsonSerializer.SerializeToElement(value, value.GetType()));
        }
        return knobs;
    }

    private ChatKnobs With(string name, JsonElement value) => name switch
    {
        "min_p" => this with { MinP = Number(name, value) },
        "repeat_penalty" => this with { RepeatPenalty = Number(name, value) },
        "repeat_last_n" => this with { RepeatLastN = Integer(name, value) },
        "ignore_eos" => this with { IgnoreEndTokens = Flag(name, value) },
        "deadline" => this with { Deadline = Duration(name, value) },
        "logit_bias" => this with { LogitBias = Bias(name, value) },
        "chat_template_kwargs" => this with
        {
            TemplateVariables = Object(name, value).ToDictionary(entry => entry.Name, entry => entry.Value, StringComparer.Ordinal),
        },
        StreamOptions => this,
        _ => throw new NeuralinkException(
            "answer with these additional properties", $"some of {string.Join(", ", s_names)}", $"\"{name}\"", "remove it"),
    };

    private static float Number(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetSingle(out float number) && float.IsFinite(number) => number,
        JsonValueKind.String when ValueReaders.Number(value.GetString()!, out float number) => number,
        _ => throw Wrong(name, "a number", value),
    };

    private static int Integer(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt32(out int number) => number,
        JsonValueKind.String when ValueReaders.Integer(value.GetString()!, out int number) => number,
        _ => throw Wrong(name, "an integer", value),
    };

    private static bool Flag(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String when bool.TryParse(value.GetString(), out bool flag) => flag,
        _ => throw Wrong(name, "true or false", value),
    };

    private static TimeSpan Duration(string name, JsonElement value)
    {
        string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return ValueReaders.Duration(text, out TimeSpan duration) ? duration : throw Wrong(name, "seconds, or a time such as 300ms", value);
    }

    private static Dictionary<int, float> Bias(string name, JsonElement value)
    {
        Dictionary<int, float> bias = [];
        foreach (JsonProperty entry in Object(name, value))
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int token))
                throw Wrong(name, "token ids as its keys", JsonSerializer.SerializeToElement(entry.Name));
            bias[token] = Number($"{name}.{entry.Name}", entry.Value);
        }
        return bias;
    }

    private static JsonElement.ObjectEnumerator Object(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw Wrong(name, "an object", value);

    private static NeuralinkException Wrong(string name, string expected, JsonElement value)
    {
        string found = value.GetRawText();
        return new NeuralinkException($"answer with {name}", expected, found.Length <= 80 ? found : $"{found[..80]}...");
    }
}
