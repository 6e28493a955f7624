using System.Text.Json;
using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>
/// Reads the rotary settings: rope_theta and rope_scaling, or rope_parameters, in which newer files gather both. Files that were written
/// half by an old and half by a new library have all of them; where they disagree, both places are named.
/// </summary>
internal static class RopeReader
{
    // The default of every published configuration class of the family.
    private const float DefaultTheta = 10000f;

    private const string Supported = "default, linear or llama3";

    private const string NotSupported = "this way of stretching positions is not supported";
    private const string OriginalLength = "original_max_position_embeddings";

    private static readonly string[] s_common = ["rope_type", "type", "rope_theta", "partial_rotary_factor", OriginalLength];

    /// <exception cref="Neuralink.Storage.NeuralinkException">The settings are not supported, or contradict each other.</exception>
    public static (float Theta, RopeScaling? Scaling) Read(JsonField config)
    {
        JsonField[] places = [.. new[] { config["rope_parameters"], config["rope_scaling"] }.Where(place => !place.IsNull)];
        return (Theta(config, places), Scaling(config, places));
    }

    private static float Theta(JsonField config, JsonField[] places)
    {
        JsonField[] stated = [.. places.Select(place => place["rope_theta"]).Prepend(config["rope_theta"]).Where(theta => !theta.IsNull)];
        foreach (JsonField theta in stated.Skip(1))
        {
            if (theta.Number() != stated[0].Number())
                throw theta.Refuse($"{stated[0].Shown()}, as {stated[0].Where} has it", theta.Shown(), "remove the one that is not meant");
        }
        return stated.Length == 0 ? DefaultTheta : stated[0].Number();
    }

    private static RopeScaling? Scaling(JsonField config, JsonField[] places)
    {
        JsonField[] stated = [.. places.Where(IsStated)];
        RopeScaling?[] read = [.. stated.Select(place => ReadOne(config, place))];
        if (read.Length == 2 && read[0] != read[1])
        {
            throw stated[0].Refuse(
                $"what {stated[1].Where} says, {stated[1].Shown()}", stated[0].Shown(), "remove the one that is not meant");
        }
        return read.FirstOrDefault();
    }

    // An object that holds rope_theta alone says nothing about scaling.
    private static bool IsStated(JsonField place) =>
        place.Properties().Any(property => property.Key != "rope_theta" && !property.Value.IsNull);

    private static RopeScaling? ReadOne(JsonField config, JsonField place)
    {
        foreach ((string name, JsonField value) in place.Properties())
        {
            if (value.Element.ValueKind == JsonValueKind.Object)
            {
                throw place[name].Refuse(
                    "one set of rotary settings for all layers", value.Shown(), "settings for each kind of layer are not supported");
            }
        }
        if (place["partial_rotary_factor"] is { IsNull: false } part && part.Number() != 1)
            throw part.Refuse("1", part.Shown(), "all of a head is rotated here");
        string kind = Kind(place);
        return kind switch
        {
            "default" => Default(place),
            "linear" => Linear(place),
            "llama3" => Llama3(config, place),
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
            throw TypeField(place).Refuse($"the type that the factor {factor.Shown()} is of: linear or llama3", TypeField(place).Shown());
        RequireOnly(place, "factor");
        return null;
    }

    private static RopeScaling Linear(JsonField place)
    {
        RequireOnly(place, "factor");
        return new RopeScaling(RopeScalingKind.Linear, place["factor"].Number(), 0, 0, 0);
    }

    private static RopeScaling Llama3(JsonField config, JsonField place)
    {
        RequireOnly(place, "factor", "low_freq_factor", "high_freq_factor");
        JsonField own = place[OriginalLength], original = own.IsNull && !config[OriginalLength].IsNull ? config[OriginalLength] : own;
        return new RopeScaling(
            RopeScalingKind.Llama3, place["factor"].Number(), place["low_freq_factor"].Number(), place["high_freq_factor"].Number(),
            original.Integer());
    }

    private static void RequireOnly(JsonField place, params string[] names)
    {
        foreach ((string name, JsonField value) in place.Properties())
        {
            if (!ConfigKey.IsOff(value) && !s_common.Contains(name) && !names.Contains(name))
                throw place[name].Refuse($"no such setting of type \"{Kind(place)}\"", value.Shown(), NotSupported);
        }
    }
}
