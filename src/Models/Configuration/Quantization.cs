using System.Text.Json;
using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>Refuses quantized checkpoints by the method that made them, which a configuration states in one of several places.</summary>
internal static class Quantization
{
    /// <summary>What a message expects.</summary>
    public const string Expected = "weights that are not quantized";

    /// <summary>What a message advises.</summary>
    public const string Advice = "give the checkpoint that was quantized, in f16, bf16 or f32";

    private const string BitsAndBytes = "bitsandbytes";

    // Where the object is: of most methods, of MLX, of older compressed-tensors.
    private static readonly string[] s_objects = ["quantization_config", "quantization", "compression_config"];

    // How bitsandbytes was stated before there was an object.
    private static readonly string[] s_switches = ["load_in_8bit", "load_in_4bit"];

    // What different methods call their name.
    private static readonly string[] s_methodNames = ["quant_method", "method", "quant_algo", "quantization_method", "format", "mode"];

    /// <summary>The keys of config.json that are looked at.</summary>
    public static IEnumerable<string> Keys => s_objects.Concat(s_switches);

    /// <exception cref="Neuralink.Storage.NeuralinkException">The checkpoint is quantized.</exception>
    public static void Refuse(JsonField config)
    {
        foreach (JsonField stated in s_objects.Select(name => config[name]).Where(field => !ConfigKey.IsOff(field)))
        {
            if (!IsSwitchedOff(stated))
                throw stated.Refuse(Expected, $"{MethodOf(stated)}{Bits(stated)}", Advice);
        }
        foreach (JsonField stated in s_switches.Select(name => config[name]).Where(field => field.Flag(absent: false)))
            throw stated.Refuse(Expected, BitsAndBytes, Advice);
    }

    // Saved by bitsandbytes' own loader, with both of its switches off.
    private static bool IsSwitchedOff(JsonField stated) =>
        stated.Element.ValueKind == JsonValueKind.Object && stated["quant_method"] is { Element.ValueKind: JsonValueKind.String } method
        && method.Text() == BitsAndBytes && s_switches.All(name => stated[name].Element.ValueKind == JsonValueKind.False);

    private static string MethodOf(JsonField stated)
    {
        if (stated.Element.ValueKind != JsonValueKind.Object)
            return stated.Shown();
        foreach (string name in s_methodNames)
        {
            if (stated[name] is { Element.ValueKind: JsonValueKind.String } method)
                return method.Text();
        }
        bool isBitsAndBytes = s_switches.Any(name => stated[name].Element.ValueKind == JsonValueKind.True);
        return isBitsAndBytes ? BitsAndBytes : $"a method of no name, {stated.Shown()}";
    }

    private static string Bits(JsonField stated) =>
        stated.Element.ValueKind == JsonValueKind.Object && stated["bits"] is { Element.ValueKind: JsonValueKind.Number } bits
            ? $" of {bits.Element.GetRawText()} bits"
            : "";
}
