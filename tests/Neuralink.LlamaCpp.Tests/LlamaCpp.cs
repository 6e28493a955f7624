using System.Text;
using LLama;
using LLama.Common;
using LLama.Native;

namespace Neuralink.LlamaCpp.Tests;

/// <summary>A GGUF file as llama.cpp reads it: float32 throughout, one thread, and no flash attention, which would round.</summary>
internal sealed class LlamaCpp : IDisposable
{
    private const int ContextTokens = 128;

    private readonly LLamaWeights _weights;
    private readonly ModelParams _parameters;

    static LlamaCpp()
    {
        // llama.cpp says much, on standard error.
        NativeLibraryConfig.All.WithLogCallback(static (_, _) => { });
    }

    /// <param name="path">The file.</param>
    /// <param name="onlyVocabulary">The file has no tensors, or they are not wanted.</param>
    public LlamaCpp(string path, bool onlyVocabulary = false)
    {
        _parameters = new ModelParams(path)
        {
            ContextSize = ContextTokens,
            Threads = 1,
            BatchThreads = 1,
            GpuLayerCount = 0,
            TypeK = GGMLType.GGML_TYPE_F32,
            TypeV = GGMLType.GGML_TYPE_F32,
            FlashAttention = false,
            VocabOnly = onlyVocabulary,
        };
        _weights = LLamaWeights.LoadFromFile(_parameters);
    }

    public void Dispose() => _weights.Dispose();

    /// <summary>The tokens of a text, in which special tokens are recognised.</summary>
    public int[] Tokenize(string text, bool addsSpecial) =>
        [.. _weights.NativeHandle.Tokenize(text, addsSpecial, special: true, Encoding.UTF8).Select(token => (int)token)];

    /// <summary>
    /// The logits after each of <paramref name="tokens"/>, and after each of the tokens that are chosen greedily behind them:
    /// [tokens + count, vocabulary].
    /// </summary>
    public List<float[]> Logits(IEnumerable<int> tokens, int count)
    {
        using LLamaContext context = _weights.CreateContext(_parameters);
        List<float[]> logits = [];
        foreach (int token in tokens)
            logits.Add(After(context, token, logits.Count));
        for (int i = 0; i < count; i++)
            logits.Add(After(context, Best(logits[^1]), logits.Count));
        return logits;
    }

    /// <summary>The token of the highest logit.</summary>
    public static int Best(float[] logits) => Array.IndexOf(logits, logits.Max());

    private static float[] After(LLamaContext context, int token, int position)
    {
        LLamaBatch batch = new();
        batch.Add(token, position, LLamaSeqId.Zero, logits: true);
        context.NativeHandle.Decode(batch).Should().Be(DecodeResult.Ok);
        return context.NativeHandle.GetLogitsIth(0).ToArray();
    }
}
