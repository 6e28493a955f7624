using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>
/// A model_type that this engine runs, with what its published configuration class says where config.json does not say it.
/// </summary>
internal sealed record PublishedModelType
{
    // MistralConfig's documented default, which BambooConfig took over.
    private const int MistralContext = 4096 * 32;

    /// <summary>config.json's model_type.</summary>
    public required string Name { get; init; }

    public required ModelFamily Family { get; init; }

    /// <summary>The class that computes it; the bare model without the output matrix has "Model" for "ForCausalLM".</summary>
    public required string Architecture { get; init; }

    /// <summary>Key/value heads where the file has no such key; null is as many as query heads.</summary>
    public int? KvHeadCount { get; init; }

    /// <summary>Positions where the file has no such key.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Whether its attention has a sliding window at all.</summary>
    public bool HasWindow { get; init; }

    /// <summary>The window where the file has no such key.</summary>
    public int? Window { get; init; }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<PublishedModelType> All { get; } =
    [
        new() { Name = "llama", Family = ModelFamily.Llama, Architecture = "LlamaForCausalLM", ContextLength = 2048 },
        new()
        {
            Name = "mistral", Family = ModelFamily.Llama, Architecture = "MistralForCausalLM",
            KvHeadCount = 8, ContextLength = MistralContext, HasWindow = true, Window = 4096,
        },
        new() { Name = "sparsellama", Family = ModelFamily.Llama, Architecture = "SparseLlamaForCausalLM", ContextLength = 2048 },
        new()
        {
            Name = "bamboo", Family = ModelFamily.Llama, Architecture = "BambooForCausalLM",
            KvHeadCount = 8, ContextLength = MistralContext, HasWindow = true, Window = 4096,
        },
        new() { Name = "opt", Family = ModelFamily.Opt, Architecture = "OPTForCausalLM", ContextLength = 2048 },
    ];

    private static string Supported => string.Join(", ", All.SkipLast(1).Select(type => type.Name)) + $" or {All[^1].Name}";

    /// <summary>The type that <paramref name="config"/> states; its architectures have to be of it.</summary>
    /// <exception cref="Neuralink.Storage.NeuralinkException">It states none, another, or contradicts itself.</exception>
    public static PublishedModelType Of(JsonField config)
    {
        JsonField modelType = config["model_type"];
        string name = modelType.Text();
        PublishedModelType type = All.FirstOrDefault(known => known.Name == name)
            ?? throw modelType.Refuse(Supported, $"\"{name}\"{Architectures(config)}", "this architecture is not supported");
        foreach (JsonField architecture in config["architectures"].IsNull ? [] : config["architectures"].Items())
            type.Check(architecture);
        return type;
    }

    // A checkpoint of a classifier has no output matrix, one of another family has other parts.
    private void Check(JsonField architecture)
    {
        string found = architecture.Text(), bare = Architecture.Replace("ForCausalLM", "Model", StringComparison.Ordinal);
        if (!found.Equals(Architecture, StringComparison.OrdinalIgnoreCase) && !found.Equals(bare, StringComparison.OrdinalIgnoreCase))
        {
            throw architecture.Refuse(
                $"{Architecture}, which goes with model_type \"{Name}\"", $"\"{found}\"",
                "what this architecture computes is not known here");
        }
    }

    private static string Architectures(JsonField config) =>
        config["architectures"].IsNull ? "" : $" with architectures {config["architectures"].Shown()}";
}
