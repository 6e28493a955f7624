using System.Text.RegularExpressions;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Checkpoints.Gguf;

/// <summary>
/// Which activation a GGUF file was trained with. No key says it: llama.cpp computes what its architecture does, so a ReLU-fied Llama is
/// computed wrongly there. What the user states counts; else what is known of the model by its name; else what llama.cpp computes.
/// </summary>
internal static partial class GgufActivations
{
    /// <summary>Published ReLU-fied models, by what their names contain. A file that goes by a name of these is taken for one.</summary>
    private static readonly (Regex Name, string Model, Activation Activation)[] s_known =
    [
        (ReluLlama(), "ReluLLaMA", Activation.Relu),
        (ReluFalcon(), "ReluFalcon", Activation.Relu),
        // Their config.json has hidden_act "fatrelu" with this hidden_act_param.
        (ProSparse(), "ProSparse", Activation.FatRelu(0.01f)),
        (MiniCpmS(), "MiniCPM-S", Activation.FatRelu(0.01f)),
        (Bamboo(), "Bamboo", Activation.DRelu),
        (TurboSparse(), "TurboSparse", Activation.DRelu),
        // Its config.json says "relu", and its code rectifies both branches.
        (SparseQwen2(), "SparseQwen2", Activation.DRelu),
    ];

    private static readonly string[] s_nameKeys =
        ["general.name", "general.basename", "general.finetune", "general.base_model.0.name", "general.source.huggingface.repository"];

    /// <param name="file">The file.</param>
    /// <param name="architecture">Its architecture.</param>
    /// <param name="stated">What the user states, or null.</param>
    /// <param name="note">Takes what was taken, wherever llama.cpp would compute something else or may.</param>
    public static Activation Choose(GgufSet file, GgufArchitecture architecture, Activation? stated, Action<string>? note)
    {
        Activation own = new(architecture.Activation, 0);
        (string? model, Activation known) = Find(file, architecture);
        if (stated is { } activation)
        {
            if (activation != own || model is not null)
                note?.Invoke($"{file.Path}: computed with {Name(activation)}, as --activation states");
            return activation;
        }
        if (model is not null && known != own)
        {
            note?.Invoke($"{file.Path}: computed with {Name(known)}, as {model} was trained with; --activation states another");
            return known;
        }
        if (architecture.Activation == ActivationKind.Silu)
        {
            note?.Invoke(
                $"{file.Path}: computed with SiLU, as llama.cpp does; a GGUF does not say its activation, so state that of a ReLU-fied "
                + "model with --activation");
        }
        return own;
    }

    private static (string? Model, Activation Activation) Find(GgufSet file, GgufArchitecture architecture)
    {
        // A name makes no ungated model gated.
        string[] names = [.. s_nameKeys.Select(file.Metadata.Text).OfType<string>(), Path.GetFileNameWithoutExtension(file.Path)];
        return s_known.Where(row => architecture.Gated || row.Activation.Kind != ActivationKind.DRelu)
            .Where(row => names.Any(row.Name.IsMatch)).Select(row => ((string?)row.Model, row.Activation)).FirstOrDefault();
    }

    private static string Name(Activation activation) => ActivationNames.NameOf(activation.Kind, activation.Threshold);

    [GeneratedRegex(@"relu[-_ ]?llama", RegexOptions.IgnoreCase)]
    private static partial Regex ReluLlama();

    [GeneratedRegex(@"relu[-_ ]?falcon", RegexOptions.IgnoreCase)]
    private static partial Regex ReluFalcon();

    [GeneratedRegex(@"pro[-_ ]?sparse", RegexOptions.IgnoreCase)]
    private static partial Regex ProSparse();

    [GeneratedRegex(@"minicpm[-_ ]?s([-_ ]|\z)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex MiniCpmS();

    [GeneratedRegex(@"bamboo", RegexOptions.IgnoreCase)]
    private static partial Regex Bamboo();

    [GeneratedRegex(@"turbo[-_ ]?sparse", RegexOptions.IgnoreCase)]
    private static partial Regex TurboSparse();

    [GeneratedRegex(@"sparse[-_ ]?qwen[-_ ]?2", RegexOptions.IgnoreCase)]
    private static partial Regex SparseQwen2();
}
