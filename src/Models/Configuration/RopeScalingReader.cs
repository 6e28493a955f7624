using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>
/// Reads how positions are stretched, as Hugging Face's transformers compute it (modeling_rope_utils): a setting that its kind does not
/// have is refused.
/// </summary>
internal static class RopeScalingReader
{
    private const string Supported = "default, linear, dynamic, llama3, yarn or longrope";
    private const string NotSupported = "this way of stretching positions is not supported";
    private const string OriginalLength = "original_max_position_embeddings";

    private static readonly string[] s_common = ["rope_type", "type", "rope_theta", "partial_rotary_factor", OriginalLength];

    /// <param name="config">The root of the file.</param>
    /// <param name="type">Its positions, where the file has no number.</param>
    /// <param name="place">rope_scaling or rope_parameters.</param>
    /// <returns>Null where nothing is stretched.</returns>
    /// <exception cref="Neuralink.Storage.NeuralinkException">It is not supported, or a parameter is missing.</exception>
    public static RopeScaling? Read(JsonField config, PublishedModelType type, JsonField place)
    {
        string kind = Kind(place);
        return kind switch
        {
            "default" => Default(place),
            "linear" => Linear(place),
            "dynamic" => Dynamic(config, type, place),
            "llama3" => Llama3(config, place),
            "yarn" => Yarn(config, type, place),
            "longrope" or "su" => LongRope(config, type, place),
            _ => throw TypeField(place).Refuse(Supported, $"\"{kind}\"", NotSupported),
        };
    }

    private static string Kind(JsonField place)
    {
        JsonField older = place["type"], newer = place["rope_type"];
        if (!older.IsNull && !newer.IsNull && older.Text() != newer.Text())
            throw newer.Refuse($"{older.Shown()}, as {older.Where} has it", newer.Shown(), "remove the one that is not meant");
        return TypeField(place).TextOrNull() ?? "default";
    }

    private static JsonField TypeField(JsonField place) =>
        place["rope_type"].IsNull && !place["type"].IsNull ? place["type"] : place["rope_type"];

    private static RopeScaling? Default(JsonField place)
    {
        // A factor asks for scaling of some kind, and which one is not guessed.
        if (place["factor"] is { IsNull: false } factor && factor.Number() != 1)
        {
            throw TypeField(place).Refuse(
                $"the type that the factor {factor.Shown()} is of: linear, llama3 or yarn", TypeField(place).Shown());
        }
        RequireOnly(place, "factor");
        return null;
    }

    private static RopeScaling Linear(JsonField place)
    {
        RequireOnly(place, "factor");
        return new RopeScaling { Kind = RopeScalingKind.Linear, Factor = place["factor"].Number() };
    }

    /// <summary>The base grows with a text that is longer than max_position_embeddings, and here none is.</summary>
    private static RopeScaling? Dynamic(JsonField config, PublishedModelType type, JsonField place)
    {
        RequireOnly(place, "factor");
        if (!(place["factor"].Number() >= 1))
            throw place["factor"].Refuse("1 or more", place["factor"].Shown(), NotSupported);
        int length = CommonFields.ContextLength(config, type);
        if (Original(config, place) is { IsNull: false } original && original.Integer() != length)
        {
            throw original.Refuse(
                $"{length}, as max_position_embeddings has it", original.Shown(),
                "positions that turn otherwise in a longer text are not supported");
        }
        return null;
    }

    private static RopeScaling Llama3(JsonField config, JsonField place)
    {
        RequireOnly(place, "factor", "low_freq_factor", "high_freq_factor");
        return new RopeScaling
        {
            Kind = RopeScalingKind.Llama3,
            Factor = place["factor"].Number(),
            LowFrequencyFactor = place["low_freq_factor"].Number(),
            HighFrequencyFactor = place["high_freq_factor"].Number(),
            OriginalContextLength = Original(config, place).Integer(),
        };
    }

    private static RopeScaling Yarn(JsonField config, PublishedModelType type, JsonField place)
    {
        RequireOnly(place, "factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate", "finetuned");
        float factor = place["factor"].Number();
        JsonField original = Original(config, place), all = place["mscale_all_dim"], mscale = place["mscale"];
        bool both = !ConfigKey.IsOff(all) && !ConfigKey.IsOff(mscale);
        return new RopeScaling
        {
            Kind = RopeScalingKind.Yarn,
            Factor = factor,
            OriginalContextLength = original.IntegerOrNull() ?? CommonFields.ContextLength(config, type),
            Amplitude = place["attention_factor"].NumberOrNull()
                ?? (both ? Amplitude(mscale.Number()) / Amplitude(all.Number()) : Amplitude(1)),
            BetaFast = place["beta_fast"].NumberOrNull() ?? 32,
            BetaSlow = place["beta_slow"].NumberOrNull() ?? 1,
            WholeDimensions = place["truncate"].Flag(absent: true),
        };

        float Amplitude(float scale) => factor <= 1 ? 1 : (0.1f * scale * MathF.Log(factor)) + 1;
    }

    private static RopeScaling LongRope(JsonField config, PublishedModelType type, JsonField place)
    {
        RequireOnly(place, "factor", "attention_factor", "short_factor", "long_factor");
        int length = CommonFields.ContextLength(config, type);
        JsonField stated = Original(config, place);
        int original = stated.IntegerOrNull() ?? length;
        float factor = stated.IsNull ? place["factor"].NumberOrNull() ?? 1 : (float)length / original;
        return new RopeScaling
        {
            Kind = RopeScalingKind.LongRope,
            Factor = 1,
            OriginalContextLength = original,
            Amplitude = place["attention_factor"].NumberOrNull()
                ?? (factor <= 1 ? 1 : MathF.Sqrt(1 + (MathF.Log(factor) / MathF.Log(original)))),
            ShortFactors = [.. place["short_factor"].Items().Select(f => f.Number())],
            LongFactors = [.. place["long_factor"].Items().Select(f => f.Number())],
        };
    }

    private static JsonField Original(JsonField config, JsonField place) =>
        place[OriginalLength] is { IsNull: true } && !config[OriginalLength].IsNull ? config[OriginalLength] : place[OriginalLength];

    private static void RequireOnly(JsonField place, params string[] names)
    {
        foreach ((string name, JsonField value) in place.Properties())
        {
            if (!ConfigKey.IsOff(value) && !s_common.Contains(name) && !names.Contains(name))
                throw place[name].Refuse($"no such setting of type \"{Kind(place)}\"", value.Shown(), NotSupported);
        }
    }
}
