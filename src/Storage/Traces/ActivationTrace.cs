using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Traces;

/// <summary>
/// An activation trace that is open for reading: which neurons of which layer were active at which token. Opening reads and checks
/// the header only.
/// Layers are loaded one by one, because the trace of a large model may not fit into memory. Several threads may load layers at once.
/// </summary>
public sealed class ActivationTrace : IDisposable
{
    // The words of one read. A whole layer of a large trace does not fit into a span.
    private const int PieceWords = 1 << 20;

    private readonly SafetensorsFile _file;
    private readonly TensorInfo[] _tensors;    // the layers' activation rows, then their inputs if there are any
    private readonly Lazy<string> _digest;

    private ActivationTrace(SafetensorsFile file, ActivationTraceInfo info, TensorInfo[] tensors)
    {
        _file = file;
        _tensors = tensors;
        Info = info;
        _digest = new Lazy<string>(ComputeDigest);
    }

    /// <summary>The file's path, as it was given.</summary>
    public string Path => _file.Path;

    /// <summary>What the trace says about itself.</summary>
    public ActivationTraceInfo Info { get; }

    /// <summary>The file's length.</summary>
    public long LengthBytes => _file.LengthBytes;

    /// <summary>The SHA-256 of the whole file, in lower-case hexadecimal. The first call reads the file.</summary>
    /// <exception cref="NeuralinkException">The file cannot be read.</exception>
    public string Digest => _digest.Value;

    /// <summary>Opens a trace and checks its metadata and the shape of every tensor.</summary>
    /// <exception cref="NeuralinkException">
    /// The file cannot be read, is no trace, has another version, is cut short or empty, or contradicts itself.
    /// </exception>
    public static ActivationTrace Open(string path)
    {
        string operation = $"open {path}";
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            ActivationTraceInfo info = ActivationTraceFormat.Parse(operation, file.Metadata);
            return new ActivationTrace(file, info, ActivationTraceFormat.Find(operation, info, file.Tensors));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Loads one layer, [tokens, neurons].</summary>
    /// <exception cref="NeuralinkException">The file cannot be read, or a bit is set beyond the last neuron.</exception>
    public ActivationMatrix Layer(LayerIndex layer)
    {
        ulong[] words = GC.AllocateUninitializedArray<ulong>(Info.TokenCount * (Info.RowBytes / sizeof(ulong)));
        for (int begin = 0; begin < words.Length; begin += PieceWords)
        {
            Span<ulong> piece = words.AsSpan(begin, Math.Min(PieceWords, words.Length - begin));
            _file.Read(_tensors[layer.Value], (long)begin * sizeof(ulong), MemoryMarshal.AsBytes(piece));
        }
        CheckPadding(words, layer);
        return new ActivationMatrix(Info.NeuronCount, words);
    }

    /// <summary>Reads FFN inputs of one layer: the values after the FFN's norm, which its gate (or up) matrix multiplies.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="firstToken">The token of the first row.</param>
    /// <param name="rows">Receives [tokens, d].</param>
    /// <exception cref="NeuralinkException">The trace has no inputs, the file cannot be read, or a value is not finite.</exception>
    public void ReadInputs(LayerIndex layer, int firstToken, Span<Half> rows)
    {
        int size = RequireInputs();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer.Value, (uint)Info.LayerCount, nameof(layer));
        if (rows.Length % size != 0)
            throw new ArgumentException($"Whole rows of {size} values expected, {rows.Length} values given.", nameof(rows));
        for (int begin = 0; begin < rows.Length; begin += PieceWords)
        {
            Span<Half> piece = rows.Slice(begin, Math.Min(PieceWords, rows.Length - begin));
            _file.Read(_tensors[Info.LayerCount + layer.Value], (((long)firstToken * size) + begin) * 2, MemoryMarshal.AsBytes(piece));
            if (IndexOfNotFinite(piece) is >= 0 and int at)
            {
                (int row, int value) = Math.DivRem(begin + at, size);
                throw new NeuralinkException(
                    $"read {Path}",
                    "finite inputs",
                    $"{piece[at]} at {layer}, token {firstToken + row}, value {value}",
                    "the file is damaged; trace again");
            }
        }
    }

    /// <summary>d, the width of the layers' inputs.</summary>
    /// <exception cref="NeuralinkException">The trace has no inputs.</exception>
    public int RequireInputs() => Info.InputSize ?? throw new NeuralinkException(
        $"use {Path}", "an activation trace with layer inputs", "one without", "make one with 'neuralink trace --inputs'");

    /// <summary>Checks that this is the trace of a certain model.</summary>
    /// <param name="modelName">The model's name, for the message.</param>
    /// <param name="modelDigest">The model's digest: <see cref="Image.FlashImage.ModelDigest"/>, or that of another trace.</param>
    /// <param name="layerCount">The number of its layers.</param>
    /// <param name="neuronCount">The number of neurons of a layer.</param>
    /// <exception cref="NeuralinkException">It is the trace of another model. The message says how they differ.</exception>
    public void ExpectModel(string modelName, string modelDigest, int layerCount, int neuronCount)
    {
        Expect(Info.LayerCount == layerCount, $"{layerCount} layers", $"{Info.LayerCount}");
        Expect(Info.NeuronCount == neuronCount, $"{neuronCount} neurons a layer", $"{Info.NeuronCount}");
        Expect(Info.ModelDigest == modelDigest, $"model digest {Short(modelDigest)}", $"{Short(Info.ModelDigest)}");

        void Expect(bool holds, string expected, string found)
        {
            if (!holds)
            {
                throw new NeuralinkException(
                    $"use {Path} for {modelName}",
                    expected,
                    $"{found} in a trace of {Info.ModelName}",
                    "trace this very model with 'neuralink trace'");
            }
        }

        // The digest of a synthetic trace consists of words, and digests differ in the last ones. So it is not cut.
        static string Short(string digest)
        {
            bool isSynthetic = digest.Contains(':', StringComparison.Ordinal);
            return isSynthetic || digest.Length <= 16 ? digest : $"{digest[..16]}…";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static int IndexOfNotFinite(ReadOnlySpan<Half> values)
    {
        // Infinities and NaN have an exponent of ones.
        const ushort Exponent = 0x7C00;
        ReadOnlySpan<ushort> bits = MemoryMarshal.Cast<Half, ushort>(values);
        for (int i = 0; i < bits.Length; i++)
        {
            if ((bits[i] & Exponent) == Exponent)
                return i;
        }
        return -1;
    }

    private void CheckPadding(ulong[] words, LayerIndex layer)
    {
        int used = Info.NeuronCount % 64, rowWords = Info.RowBytes / sizeof(ulong);
        for (int token = 0; used != 0 && token < Info.TokenCount; token++)
        {
            if (words[((token + 1) * rowWords) - 1] >> used != 0)
            {
                throw new NeuralinkException(
                    $"read {Path}",
                    $"zeros beyond neuron {Info.NeuronCount - 1}",
                    $"bits set at {layer}, token {token}",
                    "the file is damaged; trace again");
            }
        }
    }

    private string ComputeDigest()
    {
        try
        {
            using FileStream stream = new(Path, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 0 });
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"read {Path}", expected: null, error.Message, inner: error);
        }
    }
}
