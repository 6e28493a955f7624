namespace Neuralink.Models.Configuration;

/// <summary>How a decoder layer puts attention and FFN together. x is the stream, [d] a row.</summary>
public enum BlockKind
{
    /// <summary>x += attention(norm(x)); x += FFN(norm(x)).</summary>
    Sequential,

    /// <summary>x = norm(x + attention(x)); x = norm(x + FFN(x)) (OPT-350m).</summary>
    PostNorm,

    /// <summary>n = norm(x); x += attention(n) + FFN(n) (Falcon-7B, Phi-2).</summary>
    Parallel,

    /// <summary>x += attention(norm1(x)) + FFN(norm2(x)) (Falcon-40B).</summary>
    ParallelTwoNorms,
}

/// <summary>The normalisations.</summary>
public enum NormKind
{
    /// <summary>RMSNorm, with weights.</summary>
    Rms,

    /// <summary>LayerNorm, with weights and a bias.</summary>
    Layer,

    /// <summary>LayerNorm whose weights are stored less 1, and a bias (Nemotron).</summary>
    LayerPlusOne,
}

/// <summary>How a row knows its position.</summary>
public enum PositionKind
{
    /// <summary>A row of a table is added to the embedding.</summary>
    Learned,

    /// <summary>Queries and keys are rotated.</summary>
    Rotary,
}

/// <summary>Which elements of the rotated part of a head, of width w, turn together.</summary>
public enum RotaryPairs
{
    /// <summary>Element i with element i + w/2, as Hugging Face's checkpoints are arranged.</summary>
    Halves,

    /// <summary>Element 2i with element 2i + 1, as the rotary paper has it.</summary>
    Neighbours,
}
