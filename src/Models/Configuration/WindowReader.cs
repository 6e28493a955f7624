using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>
/// Reads how far back attention looks. Mistral, Phi-3 and what was made from them have a window, Qwen one that is switched on; Llama
/// attends to everything whatever sliding_window says. What differs from layer to layer is refused.
/// </summary>
internal static class WindowReader
{
    private const string Full = "full_attention";
    private const string SomeLayers = "windows in some layers only are not supported";
    private const string Sliding = "sliding_attention";

    // Qwen2Config's default of max_window_layers.
    private const int FirstOfQwen = 28;

    /// <summary>Positions, or null for all.</summary>
    /// <exception cref="Neuralink.Storage.NeuralinkException">Layers differ, or the settings contradict each other.</exception>
    public static int? Read(JsonField config, PublishedModelType type)
    {
        int? window = type.HasWindow && config["use_sliding_window"].Flag(absent: !type.WindowIsSwitched)
            ? Stated(config["sliding_window"], type)
            : null;
        int first = window is null ? 0 : config["max_window_layers"].IntegerOrNull() ?? (type.WindowIsSwitched ? FirstOfQwen : 0);
        if (type.WindowIsSwitched && first >= config["num_hidden_layers"].Integer())
            (window, first) = (null, 0);
        foreach (JsonField layer in config["layer_types"].IsNull ? [] : config["layer_types"].Items())
        {
            string wanted = window is null ? Full : Sliding, found = layer.Text();
            if (found != wanted)
            {
                string reason = window is null ? "there is no sliding window" : $"sliding_window is {window}";
                string expected = $"{wanted} in every layer, as {reason}";
                throw layer.Refuse(expected, $"\"{found}\"", SomeLayers);
            }
        }
        if (first != 0)
            throw config["max_window_layers"].Refuse($"0 beside sliding_window {window}", $"{first}", SomeLayers);
        return window;
    }

    private static int? Stated(JsonField field, PublishedModelType type)
    {
        if (field.IsAbsent)
            return type.Window;
        return field.IntegerOrNull() is not { } window || window > 0
            ? field.IntegerOrNull()
            : throw field.Refuse("a positive sliding_window, or null for none", $"{window}");
    }
}
