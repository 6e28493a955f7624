using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Export;
using Neuralink.Models.Packing;
using Neuralink.Tests.Support;

namespace Neuralink.LlamaCpp.Tests;

/// <summary>llama.cpp computes of an exported model what the model computes.</summary>
public sealed class ExportTests : IDisposable
{
    private const int PromptTokens = 12, Count = 8;
    private const float LogitsDifferenceMax = 1e-3f;

    private static readonly Activation s_silu = new(ActivationKind.Silu, 0);

    private readonly WorkerPool _pool = new(1);
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("neuralink-test-").FullName, "model.gguf");

    public void Dispose()
    {
        _pool.Dispose();
        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
    }

    [Theory]
    [InlineData("llama-silu")]
    [InlineData("mistral-silu")]
    [InlineData("mobillama")]
    [InlineData("mobillama-relu")]
    [InlineData("minicpm-silu")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("phi3-longrope")]
    [InlineData("arcee")]
    [InlineData("nemotron")]
    public void A_random_model_of_a_family_gives_the_same_tokens_and_logits(string family)
    {
        using FamilyFolder model = new(family);
        model.Formula.RoundsKeysAndValues = false;
        Compare(model.Path, activation: null, tokens =>
            [.. model.Formula.Forward(tokens).Select(row => Array.ConvertAll(row, logit => (float)logit))]);
    }

    [Theory]
    [InlineData("llama-relu", false)]
    [InlineData("llama-relu", true)]
    [InlineData("llama-linear-rope", false)]
    [InlineData("llama-linear-rope", true)]
    [InlineData("llama3-rope", true)]
    [InlineData("llama-biased-bf16", true)]
    public void A_random_Llama_gives_the_same_tokens_and_logits(string name, bool hasSilu)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        CompareDense(model.Folder, hasSilu ? s_silu : null);
    }

    [Fact]
    public void Positions_stretched_by_YaRN_give_the_same_tokens_and_logits()
    {
        using RandomModel model = new(RandomModels.LlamaRelu with
        {
            RopeScaling = """{ "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 24, "attention_factor": 1.3 }""",
        });
        CompareDense(model.Folder, s_silu);
    }

    [Fact]
    public void The_bundled_model_gives_the_same_tokens_and_logits() => CompareDense(BundledModel.Folder, activation: null);

    private void CompareDense(string folder, Activation? activation)
    {
        using Checkpoint source = Checkpoint.Open(folder, note: null, activation);
        using DenseReference reference = new(source, _pool);
        Compare(folder, activation, tokens => [.. reference.Forward(tokens).Chunk(source.Config.VocabularySize)]);
    }

    private void Compare(string folder, Activation? activation, Func<int[], float[][]> forward)
    {
        using Checkpoint source = Checkpoint.Open(folder, note: null, activation);
        GgufExporter.Write(source, _path, "test", WeightFormat.F32);
        List<float[]> theirs;
        Random random = new(7);
        int[] prompt = [.. Enumerable.Range(0, PromptTokens).Select(_ => random.Next(ByteTokenizer.EndToken))];
        using (LlamaCpp model = new(_path))
            theirs = model.Logits(prompt, Count);
        int[] tokens = [.. prompt, .. theirs[(PromptTokens - 1)..^1].Select(LlamaCpp.Best)];

        float[][] ours = forward(tokens);
        for (int i = 0; i < tokens.Length; i++)
        {
            Distance(ours[i], theirs[i]).Should().BeLessThan(LogitsDifferenceMax, "of the logits after token {0}", i);
            if (i >= PromptTokens - 1)
                LlamaCpp.Best(ours[i]).Should().Be(LlamaCpp.Best(theirs[i]));
        }
        ReadAgain(source, tokens);
    }

    /// <summary>The engine computes of the file what it computes of the model.</summary>
    private void ReadAgain(Checkpoint source, int[] tokens)
    {
        using Checkpoint exported = Checkpoint.Open(_path);
        float[] before = Last(source, "before.nlk"), after = Last(exported, "after.nlk");
        Distance(before, after).Should().BeLessThan(LogitsDifferenceMax);

        float[] Last(Checkpoint model, string name)
        {
            string image = Path.Combine(Path.GetDirectoryName(_path)!, name);
            ModelPacker.Pack(model, image, new PackOptions(WeightFormat.F32));
            using SparseForward engine = new(image, tokens.Length, threads: 1);
            return engine.Forward(tokens)[^model.Config.VocabularySize..];
        }
    }

    private static float Distance(float[] a, float[] b) => a.Zip(b, (x, y) => MathF.Abs(x - y)).Max();
}
