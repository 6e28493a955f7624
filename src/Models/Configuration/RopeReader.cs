using System.Text.Json;
using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>
/// Reads the rotary settings: rope_theta and rope_scaling, or rope_parameters, in which newer files gather both. Files that were written
/// half by an old and half by a new library have all of them; where they disagree, both places are named.
/// </summary>
internal static class RopeReader
{
    private const string Remove = "remove the one that is not meant";

    /// <exception cref="Neuralink.Storage.NeuralinkException">The settings are not supported, or contradict each other.</exception>
    public static (float Theta, RopeScaling? Scaling) Read(JsonField config, PublishedModelType type)
    {
        JsonField[] places = Places(config);
        float theta = First([config["rope_theta"], .. places.Select(place => place["rope_theta"])]) is { } stated
            ? stated.Number()
            : type.RopeTheta;
        return (theta, Scaling(config, type, places));
    }

    /// <summary>Elements of a head that turn.</summary>
    /// <param name="config">The root of the file.</param>
    /// <param name="type">Whether it may be a part, and which where the file does not say.</param>
    /// <param name="headSize">All.</param>
    public static int Width(JsonField config, PublishedModelType type, int headSize)
    {
        IEnumerable<JsonField> parts = Places(config).Select(place => place["partial_rotary_factor"]);
        if (type.RotaryShare is not { } share)
        {
            if (First([.. parts]) is { } part && part.Number() != 1)
                throw part.Refuse("1", part.Shown(), "all of a head is rotated here");
            return headSize;
        }
        JsonField? stated = First([config["partial_rotary_factor"], config["rope_percent"], .. parts]);
        return (int)(headSize * (stated?.Number() ?? share));
    }

    private static JsonField[] Places(JsonField config) =>
        [.. new[] { config["rope_parameters"], config["rope_scaling"] }.Where(place => !place.IsNull)];

    /// <summary>The number that is stated, once or several times alike.</summary>
    private static JsonField? First(JsonField[] fields)
    {
        JsonField[] stated = [.. fields.Where(field => !field.IsNull)];
        foreach (JsonField other in stated.Skip(1))
        {
            if (other.Number() != stated[0].Number())
                throw other.Refuse($"{stated[0].Shown()}, as {stated[0].Where} has it", other.Shown(), Remove);
        }
        return stated.Length == 0 ? null : stated[0];
    }

    private static RopeScaling? Scaling(JsonField config, PublishedModelType type, JsonField[] places)
    {
        JsonField[] stated = [.. places.Where(IsStated)];
        RopeScaling?[] read = [.. stated.Select(place => ReadOne(config, type, place))];
        if (read.Length == 2 && read[0] != read[1])
            throw stated[0].Refuse($"what {stated[1].Where} says, {stated[1].Shown()}", stated[0].Shown(), Remove);
        return read.FirstOrDefault();
    }

    // An object that holds rope_theta alone says nothing about scaling.
    private static bool IsStated(JsonField place) =>
        place.Properties().Any(property => property.Key != "rope_theta" && !property.Value.IsNull);

    private static RopeScaling? ReadOne(JsonField config, PublishedModelType type, JsonField place)
    {
        foreach ((string name, JsonField value) in place.Properties())
        {
            if (value.Element.ValueKind == JsonValueKind.Object)
            {
                throw place[name].Refuse(
                    "one set of rotary settings for all layers", value.Shown(), "settings for each kind of layer are not supported");
            }
        }
        return RopeScalingReader.Read(config, type, place);
    }
}
