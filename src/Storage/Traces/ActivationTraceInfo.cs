using Neuralink.Placement.Traces;

namespace Neuralink.Storage.Traces;

/// <summary>What an activation trace says about itself: the metadata of its file.</summary>
public sealed record ActivationTraceInfo
{
    /// <summary>
    /// Identifies the model: <see cref="Image.FlashImage.ModelDigest"/>. For a synthetic trace, it is a digest of what the
    /// trace was made from.
    /// </summary>
    public required string ModelDigest { get; init; }

    /// <summary>The model's name, for people.</summary>
    public required string ModelName { get; init; }

    /// <summary>The number of decoder layers, 1..4096.</summary>
    public required int LayerCount { get; init; }

    /// <summary>The number of neurons of each layer, 1..4194304.</summary>
    public required int NeuronCount { get; init; }

    /// <summary>The number of traced tokens, at least 1.</summary>
    public required int TokenCount { get; init; }

    /// <summary>The bytes of a bundle on flash, so that read costs can be estimated without the image.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>The names of the traced texts, for people.</summary>
    public required string Texts { get; init; }

    /// <summary>
    /// The SHA-256, in hexadecimal, of the token ids and of how they were cut into windows. It is the same for the same texts, traced
    /// in the same way.
    /// </summary>
    public required string TextsDigest { get; init; }

    /// <summary>d, the width of the FFN inputs if they are recorded too, 1..1048576. Null if they are not.</summary>
    public int? InputSize { get; init; }

    /// <summary>The bytes of one token's row of a layer: whole 64-bit words.</summary>
    public int RowBytes => ActivationMatrix.WordsPerTokenOf(NeuronCount) * sizeof(ulong);

    /// <summary>The bytes of one token's FFN input of a layer, in f16. 0 if inputs are not recorded.</summary>
    public int InputBytes => (InputSize ?? 0) * 2;

    /// <summary>The bytes of all layers' activation rows, which come first.</summary>
    public long FiredBytes => (long)LayerCount * TokenCount * RowBytes;

    /// <summary>The bytes of all layers.</summary>
    public long DataBytes => FiredBytes + ((long)LayerCount * TokenCount * InputBytes);
}
