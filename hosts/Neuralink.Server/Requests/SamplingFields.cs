using System.Globalization;
using System.Text.Json;
using Neuralink.Models.Sampling;
using Neuralink.Server.Errors;

namespace Neuralink.Server.Requests;

/// <summary>
/// How tokens are chosen: OpenAI's parameters, and those of llama.cpp, vLLM and Ollama beside them. What is not set has the engine's
/// default.
/// </summary>
internal static class SamplingFields
{
    // Hotter than this all tokens are alike.
    private const double TemperatureMax = 100;

    private static readonly SamplingOptions s_defaults = new();

    /// <summary>Reads them from a body, or from Ollama's options.</summary>
    /// <param name="fields">The object.</param>
    /// <param name="vocabularySize">Tokens that a bias can be of.</param>
    public static SamplingOptions Read(Fields fields, int vocabularySize)
    {
        string repeat = fields.FirstOf("repeat_penalty", "repetition_penalty");
        return s_defaults with
        {
            Temperature = Real("temperature", 0, TemperatureMax) ?? s_defaults.Temperature,
            TopK = Math.Max(0, fields.Integer("top_k", -1) ?? s_defaults.TopK),
            TopP = Real("top_p", 0, 1) ?? s_defaults.TopP,
            MinP = Real("min_p", 0, 1) ?? s_defaults.MinP,
            RepeatPenalty = Real(repeat, 0.01, 100) ?? s_defaults.RepeatPenalty,
            RepeatLastN = fields.Integer("repeat_last_n", -1) is { } last ? (last < 0 ? int.MaxValue : last) : s_defaults.RepeatLastN,
            FrequencyPenalty = Real("frequency_penalty", -2, 2) ?? 0,
            PresencePenalty = Real("presence_penalty", -2, 2) ?? 0,
            LogitBias = ReadBias(fields, vocabularySize),
            Seed = ReadSeed(fields),
        };

        float? Real(string name, double min, double max) => (float?)fields.Number(name, min, max);
    }

    // Any integer of 64 bits is a seed; -1 is llama.cpp's and Ollama's word for none.
    private static ulong? ReadSeed(Fields fields)
    {
        if (fields["seed"] is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong large))
            return large;
        return !Fields.TryInteger(value, out long seed) ? throw fields.Refuse("seed", "an integer of 64 bits", value)
            : seed == -1 ? null
            : unchecked((ulong)seed);
    }

    private static Dictionary<int, float> ReadBias(Fields fields, int vocabularySize)
    {
        const string name = "logit_bias";
        Dictionary<int, float> bias = [];
        if (fields[name] is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0)
            return bias;
        foreach (JsonProperty entry in fields.Object(name)?.All ?? [])
        {
            string path = $"{fields.PathOf(name)}.{entry.Name}";
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id >= vocabularySize)
                throw ApiException.Invalid(fields.PathOf(name), $"token ids of 0 to {vocabularySize - 1} as keys", "another key");
            bias[id] = (float)(new Fields(fields[name]!.Value, fields.PathOf(name)).Number(entry.Name, -100, 100)
                ?? throw ApiException.Invalid(path, "a number of -100 to 100", "null"));
        }
        return bias;
    }
}
