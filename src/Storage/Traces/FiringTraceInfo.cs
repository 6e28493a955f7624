using Neuralink.Placement.Traces;

namespace Neuralink.Storage.Traces;

/// <summary>What a firing trace says about itself: the metadata of its file.</summary>
public sealed record FiringTraceInfo
{
    /// <summary>Identifies the model: <see cref="Image.FlashImage.ModelDigest"/>, or for a synthetic trace a digest of what it was made from.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>The model's name, for people.</summary>
    public required string ModelName { get; init; }

    /// <summary>Decoder layers, 1..4096.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Neurons of each layer, 1..4194304.</summary>
    public required int NeuronCount { get; init; }

    /// <summary>Tokens traced, at least 1.</summary>
    public required int TokenCount { get; init; }

    /// <summary>Bytes of a bundle on flash, so that read costs can be judged without the image.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>What was traced, for people: the names of the texts.</summary>
    public required string Texts { get; init; }

    /// <summary>SHA-256, in hexadecimal, of the token ids and how they were cut into windows: equal for the same texts traced the same way.</summary>
    public required string TextsDigest { get; init; }

    /// <summary>d: width of the FFN inputs that are recorded too, 1..1048576; null where none are.</summary>
    public int? InputSize { get; init; }

    /// <summary>Bytes of one token's row of a layer: whole 64-bit words.</summary>
    public int RowBytes => FiringMatrix.WordsPerTokenOf(NeuronCount) * sizeof(ulong);

    /// <summary>Bytes of one token's FFN input of a layer, in f16; 0 where none are recorded.</summary>
    public int InputBytes => (InputSize ?? 0) * 2;

    /// <summary>Bytes of all layers' firing rows, which come first.</summary>
    public long FiredBytes => (long)LayerCount * TokenCount * RowBytes;

    /// <summary>Bytes of all layers.</summary>
    public long DataBytes => FiredBytes + ((long)LayerCount * TokenCount * InputBytes);
}
