using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Checkpoints.Gguf;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Export;

/// <summary>A tensor of a GGUF file, made of one tensor of a model, or of several one after the other.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Parts">What it is made of.</param>
/// <param name="IsOfExperts">Whether it has a dimension for the experts, of which there is one.</param>
internal sealed record ExportedTensor(string Name, IReadOnlyList<ExportedPart> Parts, bool IsOfExperts)
{
    /// <summary>Every tensor that an architecture has of a model.</summary>
    /// <param name="config">The model as it is written.</param>
    /// <param name="source">The model as it is read.</param>
    /// <param name="target">The architecture.</param>
    public static IEnumerable<ExportedTensor> All(ModelConfig config, ModelConfig source, GgufArchitecture target) =>
        TensorCatalog.All(config).DistinctBy(spec => spec.Name, StringComparer.Ordinal)
            .Select(spec => (Spec: spec, Published: target.Names.Find(config, spec.Name)))
            .GroupBy(tensor => tensor.Published.Name, StringComparer.Ordinal)
            .Select(group => new ExportedTensor(
                group.Key,
                [.. group.OrderBy(t => t.Published.Rows?.Begin ?? 0).Select(t => ExportedPart.Of(t.Spec, config, source, target))],
                group.Key.Contains("_exps.", StringComparison.Ordinal)));

    /// <summary>The format of all of it.</summary>
    public WeightFormat FormatIn(ExportFormats formats) => formats.Of([.. Parts.Select(part => part.Spec)]);

    public GgufDeclaration Declare(ExportFormats formats)
    {
        TensorSpec first = Parts[0].Spec;
        long rows = Parts.Sum(part => (long)part.Spec.Rows);
        return new GgufDeclaration(
            Name, ExportFormats.TypeOf(FormatIn(formats)),
            first.IsVector ? [rows] : IsOfExperts ? [1, rows, first.Columns] : [rows, first.Columns]);
    }
}

/// <summary>A tensor of a model on its way into a file.</summary>
/// <param name="Spec">The tensor, by the name that the source has.</param>
internal sealed record ExportedPart(TensorSpec Spec)
{
    /// <summary>Rows of a head, where the rows that turn together are arranged anew; else 0.</summary>
    private int HeadRows { get; init; }

    /// <summary>The first rows of each head that turn.</summary>
    private int RotaryRows { get; init; }

    /// <summary>Whether neighbours become halves, rather than halves neighbours.</summary>
    private bool ToHalves { get; init; }

    /// <summary>Whether its elements are stored less 1, which the file does not do.</summary>
    private bool AddsOne { get; init; }

    public static ExportedPart Of(TensorSpec spec, ModelConfig config, ModelConfig source, GgufArchitecture target)
    {
        string name = spec.Name;
        if (name == $"{TensorNames.Output}.weight" && source.TiedEmbedding)
            name = $"{TensorNames.Embedding}.weight";
        if (source.SharedFfn && name.Contains(".mlp.", StringComparison.Ordinal))
            name = $"model.layers.0{name[name.IndexOf(".mlp.", StringComparison.Ordinal)..]}";
        bool turns = name.Contains(".q_proj.", StringComparison.Ordinal) || name.Contains(".k_proj.", StringComparison.Ordinal);
        return new ExportedPart(spec with { Name = name })
        {
            HeadRows = turns && source.RotaryPairs != target.RotaryPairs ? config.HeadSize : 0,
            RotaryRows = config.RotaryWidth,
            ToHalves = target.RotaryPairs == RotaryPairs.Halves,
            AddsOne = source.Norm == NormKind.LayerPlusOne && name.EndsWith("norm.weight", StringComparison.Ordinal),
        };
    }

    /// <summary>Its bytes in the file.</summary>
    public byte[] Read(Checkpoint source, WeightFormat format)
    {
        GgufType type = ExportFormats.TypeOf(format);
        WeightKernels kernels = WeightKernels.For(format);
        int columns = Math.Max(Spec.Columns, 1), ours = kernels.RowBytes(columns);
        int rowBytes = columns / type.BlockElements * type.BlockBytes;
        byte[] bytes = new byte[checked(Spec.Rows * rowBytes)];
        TensorReader.ReadRows(source, Spec, format, (begin, end, rows) =>
        {
            Span<byte> into = bytes.AsSpan(begin * rowBytes, (end - begin) * rowBytes);
            if (!kernels.QuantizesInput)
                rows.CopyTo(into);
            for (int r = 0; kernels.QuantizesInput && r < end - begin; r++)
                kernels.ToGgml(rows.Slice(r * ours, ours), columns, into.Slice(r * rowBytes, rowBytes));
        });
        if (AddsOne)
        {
            foreach (ref float weight in MemoryMarshal.Cast<byte, float>(bytes.AsSpan()))
                weight += 1;
        }
        return HeadRows == 0 ? bytes : Arrange(bytes, rowBytes);
    }

    // Element i of the first half and of the second turn together, or elements 2i and 2i + 1.
    private byte[] Arrange(byte[] bytes, int rowBytes)
    {
        byte[] arranged = new byte[bytes.Length];
        int half = RotaryRows / 2;
        for (int row = 0; row < Spec.Rows; row++)
        {
            int within = row % HeadRows, head = row - within;
            int halves = within < half ? 2 * within : (2 * (within - half)) + 1;
            (int from, int to) = within >= RotaryRows ? (row, row) : ToHalves ? (head + halves, row) : (row, head + halves);
            bytes.AsSpan(from * rowBytes, rowBytes).CopyTo(arranged.AsSpan(to * rowBytes));
        }
        return arranged;
    }
}
