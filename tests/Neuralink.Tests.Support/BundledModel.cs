using System.Text.Json;

namespace Neuralink.Tests.Support;

/// <summary>The bundled demonstration model and what an independent implementation computed with it.</summary>
public static class BundledModel
{
    private static readonly Lazy<JsonDocument> s_reference = new(
        () => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "reference.json"))));

    private static readonly Lazy<PackedModel> s_packed = new(Pack);

    /// <summary>Its image, packed once for all tests of a process; they only read it.</summary>
    public static string Image => s_packed.Value.Folder;

    /// <summary>The Hugging Face style folder.</summary>
    public static string Folder => Path.Combine(Repository.Root, "models", "tiny-stories");

    /// <summary>Greedy continuations and the first logits after each prompt.</summary>
    public static IReadOnlyList<GreedyReference> Greedy { get; } =
        [.. s_reference.Value.RootElement.GetProperty("greedy").EnumerateArray().Select(GreedyReference.From)];

    /// <summary>Perplexity and active shares by domain.</summary>
    public static IReadOnlyList<DomainReference> Domains { get; } =
        [.. s_reference.Value.RootElement.GetProperty("domains").EnumerateObject().Select(p => DomainReference.From(p.Name, p.Value))];

    private static PackedModel Pack()
    {
        PackedModel packed = new(Folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => packed.Dispose();
        return packed;
    }
}

/// <summary>One prompt of reference.json.</summary>
public sealed record GreedyReference(string Prompt, int[] PromptIds, int[] NewIds, string Text, float[] FirstLogits)
{
    internal static GreedyReference From(JsonElement e) => new(
        e.GetProperty("prompt").GetString()!,
        e.GetProperty("prompt_ids").Deserialize<int[]>()!,
        e.GetProperty("new_ids").Deserialize<int[]>()!,
        e.GetProperty("text").GetString()!,
        e.GetProperty("last_prompt_logits_first_16").Deserialize<float[]>()!);
}

/// <summary>One domain of reference.json: over windows of 256 tokens of its test text, each token predicting the next.</summary>
public sealed record DomainReference(string Name, int Tokens, double Perplexity, double[] ActiveShareByLayer)
{
    /// <summary>Tokens of a window.</summary>
    public const int WindowTokens = 256;

    /// <summary>The text whose first <see cref="Tokens"/> + 1 tokens were used.</summary>
    public string Text => File.ReadAllText(Path.Combine(Repository.Root, "tests", "data", "tiny-stories", $"{Name}.test.txt"));

    internal static DomainReference From(string name, JsonElement e) => new(
        name, e.GetProperty("tokens").GetInt32(), e.GetProperty("perplexity").GetDouble(),
        e.GetProperty("firing_share_by_layer").Deserialize<double[]>()!);
}
