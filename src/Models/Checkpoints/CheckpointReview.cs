using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage;

namespace Neuralink.Models.Checkpoints;

/// <summary>
/// Compares a checkpoint with what its configuration calls for. Whatever is missing, of another shape or type is refused, and so is what
/// is there beyond that and belongs into the forward pass: a bias, a norm, a layer more. Other tensors are ignored with a note.
/// </summary>
internal sealed class CheckpointReview
{
    private const string AnotherModel = "configuration and weights belong to different models";

    // Parts of names inside a layer that only a forward pass of another kind uses.
    private static readonly string[] s_partsOfAnother = ["norm", "lora_", "sinks", "experts", "router"];

    // Tables that are computed anew, predictors that are published beside a model, scales of a cache's quantization.
    private static readonly string[] s_notMissed = ["rotary_emb.", "masked_bias", "attn.bias", "predictor", "k_scale", "v_scale"];

    /// <summary>Endings of the names that quantized checkpoints have, with the methods that use them.</summary>
    private static readonly (string Ending, string Method)[] s_quantized =
    [
        (".g_idx", "gptq"), (".qzeros", "gptq or awq"), (".qweight", "gptq or awq"), (".SCB", "bitsandbytes of 8 bits"),
        (".absmax", "bitsandbytes of 4 bits"), (".quant_map", "bitsandbytes of 4 bits"), (".weight_packed", "compressed-tensors"),
        (".weight_scale", "fp8 or compressed-tensors"), (".weight_scale_inv", "fp8"), ("_blocks", "mxfp4"), (".W_q", "hqq"),
        (".codebooks", "aqlm"), (".biases", "mlx"), ("._data", "quanto"),
    ];

    private readonly ModelConfig _config;
    private readonly ITensorSource _tensors;
    private readonly IReadOnlyCollection<string> _all;
    private readonly CheckpointNames _names;
    private readonly PublishedNames _published;

    /// <param name="config">The model.</param>
    /// <param name="tensors">The checkpoint's tensors.</param>
    /// <param name="all">The names of all that can be read.</param>
    /// <param name="names">What they stand for.</param>
    /// <param name="published">What the family calls and keeps together.</param>
    public CheckpointReview(
        ModelConfig config, ITensorSource tensors, IReadOnlyCollection<string> all, CheckpointNames names, PublishedNames published)
    {
        _config = config;
        _tensors = tensors;
        _all = all;
        _names = names;
        _published = published;
    }

    private string Location => _tensors.Location;

    /// <param name="note">Takes which tensors were ignored.</param>
    /// <exception cref="NeuralinkException">Configuration and weights contradict each other.</exception>
    public void Run(Action<string>? note)
    {
        HashSet<string> used = new(StringComparer.Ordinal), modules = new([TensorNames.Output], StringComparer.Ordinal);
        foreach (TensorSpec spec in TensorCatalog.All(_config).Select(Published).DistinctBy(spec => spec.Name, StringComparer.Ordinal))
        {
            if (_names.Find(spec.Name) is not { } name)
                throw Missing(spec);
            Check(spec, _tensors.Get(name));
            used.Add(name);
            modules.Add(ModuleOf(_names.Core(spec.Name)));
        }
        // Copies of an FFN that all layers share.
        foreach (TensorSpec spec in TensorCatalog.All(_config with { SharedFfn = false }).Select(Published))
        {
            if (_config.SharedFfn && _names.Find(spec.Name) is { } copy)
                used.Add(copy);
        }
        IEnumerable<string> unused = _all.Where(name => !used.Contains(name));
        string[] ignored = [.. unused.Where(name => !IsNotMissed(name, modules)).Order(StringComparer.Ordinal)];
        if (ignored.Length > 0)
            note?.Invoke($"{Location}: ignored {ignored.Length} tensors that this model has no use for, such as {ignored[0]}");
    }

    /// <summary>A tensor as it is published: perhaps with others in one.</summary>
    private TensorSpec Published(TensorSpec spec)
    {
        PublishedTensor published = _published.Find(_config, spec.Name);
        return spec with { Name = published.Name, Rows = published.Rows?.WholeRows ?? spec.Rows };
    }

    private static string ModuleOf(string core) => core.LastIndexOf('.') is > 0 and var dot ? core[..dot] : core;

    private void Check(TensorSpec spec, SourceTensor tensor)
    {
        if (!tensor.Type.IsWeight)
        {
            throw Quantized(spec) ?? new NeuralinkException(
                $"use {Location}", $"tensor {tensor.Name} as {_published.WeightTypes}", tensor.Type.Name,
                "convert the checkpoint to one of these");
        }
        long[] shape = spec.IsVector ? [spec.Rows] : [spec.Rows, spec.Columns];
        if (!tensor.Shape.SequenceEqual(shape))
        {
            throw Quantized(spec) ?? new NeuralinkException(
                $"use {Location}", $"tensor {tensor.Name} of shape [{string.Join(", ", shape)}], as {_published.Settings} has it",
                tensor.ShapeText, AnotherModel);
        }
    }

    private NeuralinkException Missing(TensorSpec spec)
    {
        if (Quantized(spec) is { } quantized)
            return quantized;
        string parent = ModuleOf(ModuleOf(_names.Core(spec.Name))) + '.';
        string[] beside = [.. Below(parent).Order(StringComparer.Ordinal).Take(3)];
        string advice = _all.Any(name => name.Contains("lora_", StringComparison.Ordinal))
            ? "this is an adapter (LoRA), not a model: merge it into its base model and give that"
            : spec.Name.StartsWith(TensorNames.Output, StringComparison.Ordinal)
            ? "the checkpoint was saved without its output matrix; state tie_word_embeddings true if the embedding serves as such"
            : "the configuration and the weights are not of the same model";
        return new NeuralinkException(
            $"load the weights of {Location}", $"a tensor '{spec.Name}', as a model of type {_config.ModelType} has",
            $"none among {_all.Count}" + (beside.Length == 0 ? "" : $" (beside it are {string.Join(", ", beside)})"), advice);
    }

    /// <summary>The exception where the tensor's module is quantized, or null.</summary>
    private NeuralinkException? Quantized(TensorSpec spec)
    {
        foreach (string name in Below(ModuleOf(_names.Core(spec.Name))))
        {
            if (s_quantized.FirstOrDefault(row => name.EndsWith(row.Ending, StringComparison.Ordinal)) is { Method: { } method })
                return new NeuralinkException($"use {Location}", Quantization.Expected, $"{name}, as {method} writes", Quantization.Advice);
        }
        return null;
    }

    private IEnumerable<string> Below(string module) =>
        _all.Where(name => _names.Core(name).StartsWith(module, StringComparison.Ordinal));

    /// <summary>Whether a tensor that the configuration does not call for changes nothing, as everyone knows.</summary>
    /// <exception cref="NeuralinkException">It belongs into the forward pass.</exception>
    private bool IsNotMissed(string name, HashSet<string> modules)
    {
        string core = _names.Core(name);
        bool isOutput = core == $"{TensorNames.Output}.weight";
        if (isOutput || s_notMissed.Any(part => core.Contains(part, StringComparison.Ordinal)) || IsZero(name))
            return true;
        int? layer = _names.LayerOf(core);
        if (layer >= _config.LayerCount)
            throw Beyond(name, $"{_config.LayerCount} layers, as {_published.LayerCountKey} has it");
        if (modules.Contains(ModuleOf(core)))
            throw Beyond(name, $"a module without it, as {_published.Settings} has it");
        if (layer is not null && _published.IsClosed)
            throw Beyond(name, "no such tensor");
        if (layer is not null && s_partsOfAnother.Any(part => core.Contains(part, StringComparison.Ordinal)))
            throw Beyond(name, "no such tensor");
        return false;
    }

    // Conversions from a family with biases to one without keep them as zeros.
    private bool IsZero(string name)
    {
        const int lengthBytesMax = 1 << 20;
        if (!name.EndsWith(".bias", StringComparison.Ordinal) || _tensors.Get(name) is not { LengthBytes: <= lengthBytesMax } tensor)
            return false;
        byte[] bytes = new byte[tensor.LengthBytes];
        _tensors.Read(tensor, 0, bytes);
        return !bytes.AsSpan().ContainsAnyExcept((byte)0);
    }

    private NeuralinkException Beyond(string name, string expected) => new($"use {Location}", expected, $"tensor {name}", AnotherModel);
}
