using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Weights;

/// <summary>
/// The weights of an image's resident.safetensors or predictor.safetensors, read from flash to where they stay in memory.
/// </summary>
public sealed class WeightFile : IWeightLoader
{
    private readonly InPlaceTensors _tensors;

    private WeightFile(InPlaceTensors tensors) => _tensors = tensors;

    /// <summary>Native memory that the tensors of <paramref name="place"/> take.</summary>
    /// <param name="config">The model.</param>
    /// <param name="formats">Of its matrices.</param>
    /// <param name="place">Resident or predictor.</param>
    /// <param name="leavesEmbedding">Whether the embedding stays on flash, if it is not the output matrix too.</param>
    public static long RequiredBytes(ModelConfig config, ModelFormats formats, TensorPlace place, bool leavesEmbedding = false)
    {
        TensorDeclaration[] tensors = [.. WeightLayout.Of(config, formats, place).Declarations];
        return InPlaceTensors.RequiredBytes(tensors, LeftBytes(config, tensors, leavesEmbedding));
    }

    /// <summary>Loads the file of <paramref name="place"/> and checks its digest.</summary>
    /// <param name="model">The model.</param>
    /// <param name="place">Resident or predictor.</param>
    /// <param name="arena">Takes <see cref="RequiredBytes"/>.</param>
    /// <param name="io">How to read.</param>
    /// <param name="cancellation">Ends the loading.</param>
    /// <param name="leavesEmbedding">As of <see cref="RequiredBytes"/>.</param>
    /// <exception cref="NeuralinkException">
    /// The file is not the one that was packed, is not of the model's shape, or has a weight that is not finite.
    /// </exception>
    public static WeightFile Load(
        ImageModel model, TensorPlace place, NativeArena arena, FlashAccess io, CancellationToken cancellation,
        bool leavesEmbedding = false)
    {
        WeightLayout layout = WeightLayout.Of(model.Config, model.Formats, place);
        TensorDeclaration[] expected = [.. layout.Declarations];
        FiniteCheck check = new(layout, model.Formats);
        InPlaceTensors tensors = InPlaceTensors.Load(
            model.Image, FileOf(place), expected, LeftBytes(model.Config, expected, leavesEmbedding), arena, "resident", io,
            TimeProvider.System, check.Visit, cancellation);
        // The digest comes first: it is what says that the file is damaged.
        return check.NotFinite is { } tensor ? throw TensorReader.NotFinite(tensor, tensors.Path) : new WeightFile(tensors);
    }

    /// <inheritdoc/>
    public NativeBuffer Load(WeightFormat format, params ReadOnlySpan<TensorSpec> tensors)
    {
        TensorInfo first = _tensors.Tensors[tensors[0].Name];
        long end = first.FileOffset;
        foreach (TensorSpec spec in tensors)
        {
            TensorInfo tensor = _tensors.Tensors[spec.Name];
            if (tensor.FileOffset != end || tensor.LengthBytes != spec.BytesIn(format))
                throw new InvalidOperationException($"{spec.Name} of {spec.BytesIn(format)} bytes does not follow {first.Name}.");
            end += tensor.LengthBytes;
        }
        return _tensors.From(first, end - first.FileOffset);
    }

    /// <inheritdoc/>
    public WeightRows LoadRows(WeightFormat format, TensorSpec matrix) => _tensors.LeftBytes > 0
        ? new WeightRows(_tensors.Path, _tensors.Tensors[matrix.Name].FileOffset, format, matrix.Columns)
        : new WeightRows(new WeightMatrix(format, matrix.Rows, matrix.Columns, Load(format, matrix)));

    // The embedding is the first tensor of the resident file.
    private static long LeftBytes(ModelConfig config, TensorDeclaration[] tensors, bool leavesEmbedding) =>
        leavesEmbedding && !config.TiedEmbedding ? InPlaceTensors.Leavable(tensors) : 0;

    private static string FileOf(TensorPlace place) => place switch
    {
        TensorPlace.Resident => ImageFiles.Resident,
        TensorPlace.Predictor => ImageFiles.Predictor,
        _ => throw new ArgumentOutOfRangeException(nameof(place), place, "These are no weights that stay in memory."),
    };

    /// <summary>Looks for weights that are not finite, row by row, in pieces of any length. A row that is cut is put together.</summary>
    private sealed class FiniteCheck(WeightLayout layout, ModelFormats formats)
    {
        private readonly Dictionary<string, TensorSpec> _specs =
            layout.Tensors.Where(t => t.Spec is not null).ToDictionary(t => t.Declaration.Name, t => t.Spec!, StringComparer.Ordinal);

        private byte[] _row = [];
        private int _heldBytes;

        /// <summary>The first tensor that has one.</summary>
        public string? NotFinite { get; private set; }

        public void Visit(TensorInfo tensor, ReadOnlySpan<byte> piece)
        {
            if (NotFinite is not null || !_specs.TryGetValue(tensor.Name, out TensorSpec? spec))
                return;
            WeightKernels kernels = WeightKernels.For(formats.Of(spec));
            int columns = Math.Max(spec.Columns, 1), rowBytes = kernels.RowBytes(columns);
            bool isFinite = true;
            if (_heldBytes > 0)
            {
                int count = Math.Min(rowBytes - _heldBytes, piece.Length);
                piece[..count].CopyTo(_row.AsSpan(_heldBytes));
                piece = piece[count..];
                if ((_heldBytes += count) < rowBytes)
                    return;
                _heldBytes = 0;
                isFinite = kernels.AllFinite(_row.AsSpan(0, rowBytes), columns);
            }
            int whole = piece.Length / rowBytes * rowBytes;
            isFinite &= kernels.AllFinite(piece[..whole], columns);
            if (_row.Length < rowBytes)
                _row = new byte[rowBytes];
            piece[whole..].CopyTo(_row);
            _heldBytes = piece.Length - whole;
            NotFinite = isFinite ? null : tensor.Name;
        }
    }
}
