using Neuralink.Models.Json;
using Neuralink.Models.Checkpoints;

namespace Neuralink.Models.Configuration;

/// <summary>
/// A model_type that this engine runs: how its config.json is read, what its published configuration class says where the file does not say
/// it, and what its tensors are called.
/// </summary>
internal sealed record PublishedModelType
{
    // MistralConfig's documented default, which BambooConfig took over.
    private const int MistralContext = 4096 * 32;

    private const int QwenContext = 32768;

    /// <summary>config.json's model_type.</summary>
    public required string Name { get; init; }

    /// <summary>The class that computes it; the bare model without the output matrix has "Model" for "ForCausalLM".</summary>
    public required string Architecture { get; init; }

    /// <summary>Reads config.json.</summary>
    public required Func<JsonField, PublishedModelType, ModelConfig> Read { get; init; }

    /// <summary>The keys that config.json may have.</summary>
    public required IReadOnlyDictionary<string, ConfigKey> Keys { get; init; }

    /// <summary>What its tensors are called.</summary>
    public PublishedNames Names { get; init; } = PublishedNames.Llama;

    /// <summary>Key/value heads where the file has no such key; null is as many as query heads.</summary>
    public int? KvHeadCount { get; init; }

    /// <summary>Width of a head where the file has no such key; null is hidden size / heads.</summary>
    public int? HeadSize { get; init; }

    /// <summary>Positions where the file has no such key.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The epsilon of the normalisations where the file has no such key.</summary>
    public float NormEpsilon { get; init; } = 1e-6f;

    /// <summary>The base of the rotary frequencies where the file has no such key.</summary>
    public float RopeTheta { get; init; } = 10000f;

    /// <summary>The share of a head that is rotated where the file has no such key; null where it is all of it always.</summary>
    public float? RotaryShare { get; init; }

    /// <summary>Whether the output matrix is the embedding where the file has no such key.</summary>
    public bool TiedEmbedding { get; init; }

    /// <summary>Whether its attention has a sliding window at all.</summary>
    public bool HasWindow { get; init; }

    /// <summary>Whether a window counts only where use_sliding_window is true, and from the layer max_window_layers on (Qwen).</summary>
    public bool WindowIsSwitched { get; init; }

    /// <summary>The window where the file has no such key.</summary>
    public int? Window { get; init; }

    /// <summary>Whether its "relu" is applied to gate and up both.</summary>
    public bool RectifiesBoth { get; init; }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<PublishedModelType> All { get; } =
    [
        Llama("llama", "LlamaForCausalLM"),
        Mistral("mistral", "MistralForCausalLM"),
        Llama("sparsellama", "SparseLlamaForCausalLM"),
        Mistral("bamboo", "BambooForCausalLM") with { RectifiesBoth = true },
        new()
        {
            Name = "minicpm", Architecture = "MiniCPMForCausalLM", Read = LlamaConfig.ReadMiniCpm, Keys = FamilyKeys.MiniCpm,
            ContextLength = 2048, TiedEmbedding = true,
        },
        Qwen2("qwen2", "Qwen2ForCausalLM"),
        Qwen2("sparseqwen2", "SparseQwen2ForCausalLM") with { RectifiesBoth = true },
        Qwen2("qwen3", "Qwen3ForCausalLM") with
        {
            Read = LlamaConfig.ReadQwen3, Keys = FamilyKeys.Qwen3, HeadSize = 128,
        },
        new()
        {
            Name = "phi3", Architecture = "Phi3ForCausalLM", Read = LlamaConfig.ReadPhi3, Keys = FamilyKeys.Phi3,
            Names = PublishedNames.Phi3, ContextLength = 4096, NormEpsilon = 1e-5f, HasWindow = true, RotaryShare = 1,
        },
        new()
        {
            Name = "arcee", Architecture = "ArceeForCausalLM", Read = LlamaConfig.ReadArcee, Keys = FamilyKeys.Arcee,
            ContextLength = 4096, NormEpsilon = 1e-5f,
        },
        new()
        {
            Name = "nemotron", Architecture = "NemotronForCausalLM", Read = PlainConfig.ReadNemotron, Keys = FamilyKeys.Nemotron,
            ContextLength = 4096, NormEpsilon = 1e-5f, RotaryShare = 0.5f,
        },
        new()
        {
            Name = "phi", Architecture = "PhiForCausalLM", Read = PlainConfig.ReadPhi, Keys = FamilyKeys.Phi,
            Names = PublishedNames.Phi, ContextLength = 2048, NormEpsilon = 1e-5f, RotaryShare = 0.5f,
        },
        new()
        {
            Name = "falcon", Architecture = "FalconForCausalLM", Read = FalconConfig.Read, Keys = FamilyKeys.Falcon,
            Names = PublishedNames.Falcon, ContextLength = 2048, NormEpsilon = 1e-5f, TiedEmbedding = true,
        },
        new()
        {
            Name = "opt", Architecture = "OPTForCausalLM", Read = PlainConfig.ReadOpt, Keys = FamilyKeys.Opt,
            Names = PublishedNames.Opt, ContextLength = 2048, NormEpsilon = 1e-5f, TiedEmbedding = true,
        },
    ];

    private static string Supported => string.Join(", ", All.SkipLast(1).Select(type => type.Name)) + $" or {All[^1].Name}";

    /// <summary>The type of that name, or null.</summary>
    public static PublishedModelType? Find(string name) => All.FirstOrDefault(known => known.Name == name);

    /// <summary>The type that <paramref name="config"/> states; its architectures have to be of it.</summary>
    /// <exception cref="Neuralink.Storage.NeuralinkException">It states none, another, or contradicts itself.</exception>
    public static PublishedModelType Of(JsonField config)
    {
        JsonField modelType = config["model_type"];
        string name = modelType.Text();
        PublishedModelType type = Find(name)
            ?? throw modelType.Refuse(Supported, $"\"{name}\"{Architectures(config)}", "this architecture is not supported");
        foreach (JsonField architecture in config["architectures"].IsNull ? [] : config["architectures"].Items())
            type.Check(architecture);
        return type;
    }

    private static PublishedModelType Llama(string name, string architecture) => new()
    {
        Name = name,
        Architecture = architecture,
        Read = LlamaConfig.Read,
        Keys = FamilyKeys.Llama,
        ContextLength = 2048,
    };

    private static PublishedModelType Mistral(string name, string architecture) => Llama(name, architecture) with
    {
        Keys = FamilyKeys.Mistral,
        KvHeadCount = 8,
        ContextLength = MistralContext,
        HasWindow = true,
        Window = 4096,
    };

    private static PublishedModelType Qwen2(string name, string architecture) => Llama(name, architecture) with
    {
        Read = LlamaConfig.ReadQwen2,
        Keys = FamilyKeys.Qwen2,
        KvHeadCount = 32,
        ContextLength = QwenContext,
        HasWindow = true,
        WindowIsSwitched = true,
        Window = 4096,
    };

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
