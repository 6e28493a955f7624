using Neuralink.Placement;
using Neuralink.Storage.Traces;

namespace Neuralink.Storage.Tests.Traces;

/// <summary>A trace of 2 layers of 70 neurons and 9 tokens, of random bits, and the ways to write it.</summary>
internal static class SmallTrace
{
    public const int RowWords = 2;

    public static ActivationTraceInfo Info { get; } = new()
    {
        ModelDigest = new string('a', 64),
        ModelName = "small",
        LayerCount = 2,
        NeuronCount = 70,
        TokenCount = 9,
        StrideBytes = 512,
        Texts = "some \"text\"\u00e9.txt",
        TextsDigest = new string('b', 64),
    };

    /// <summary>The same trace with FFN inputs of 5 values.</summary>
    public static ActivationTraceInfo InfoWithInputs { get; } = Info with { InputSize = 5 };

    /// <summary>[tokens, d] of a layer.</summary>
    public static Half[] Inputs(int layer)
    {
        Random random = new(100 + layer);
        return [.. Enumerable.Range(0, Info.TokenCount * 5).Select(_ => (Half)((random.NextSingle() * 4) - 2))];
    }

    /// <summary>[tokens, words] of a layer.</summary>
    public static ulong[] Rows(int layer)
    {
        Random random = new(layer);
        ulong[] rows = new ulong[Info.TokenCount * RowWords];
        for (int token = 0; token < Info.TokenCount; token++)
            (rows[token * RowWords], rows[(token * RowWords) + 1]) = ((ulong)random.NextInt64(), (ulong)random.Next(64));
        return rows;
    }

    /// <summary>
    /// Writes the rows of the tokens from <paramref name="begin"/> up to <paramref name="end"/> in all layers, and their inputs if the
    /// trace has them.
    /// </summary>
    public static void Write(ActivationTraceWriter writer, int begin, int end)
    {
        for (int layer = Info.LayerCount - 1; layer >= 0; layer--)
        {
            writer.Write(new LayerIndex(layer), begin, Rows(layer).AsSpan(begin * RowWords, (end - begin) * RowWords));
            if (writer.Info.InputSize is { } size)
                writer.WriteInputs(new LayerIndex(layer), begin, Inputs(layer).AsSpan(begin * size, (end - begin) * size));
        }
    }

    /// <summary>A whole trace at <paramref name="path"/>.</summary>
    public static void Create(string path, ActivationTraceInfo? info = null)
    {
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(path, info ?? Info);
        Write(writer, 0, Info.TokenCount);
        writer.Complete();
    }
}
