using Neuralink.Storage.Safetensors;

namespace Neuralink.Tests.Support;

/// <summary>A family's model as a Hugging Face folder, deleted when disposed.</summary>
public sealed class FamilyFolder : IDisposable
{
    private const int PromptsTriedMax = 200;

    public FamilyFolder(string family)
    {
        Formula = FamilyFormulas.Make(family);
        Path = Directory.CreateTempSubdirectory("neuralink-test-").FullName;
        File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), Formula.Config.ToJsonString());
        File.WriteAllText(System.IO.Path.Combine(Path, "tokenizer.json"), ByteTokenizer.Json());
        using SafetensorsWriter writer = SafetensorsWriter.Create(
            System.IO.Path.Combine(Path, "model.safetensors"),
            [.. Formula.Tensors.Select(t => new TensorDeclaration(t.Name, t.Dtype, [.. t.Shape]))]);
        foreach (RandomTensor tensor in Formula.Tensors)
            writer.Write(tensor.Name, tensor.Bytes());
        writer.Complete();
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>What computes the same by formula.</summary>
    public FamilyFormula Formula { get; }

    /// <summary>The logits of the formula after a text, and its greedy tokens, none of them near a tie.</summary>
    public (int[] Prompt, int[] Tokens) Clear(int promptTokens, int count, double marginMin)
    {
        Random random = new(1);
        for (int i = 0; i < PromptsTriedMax; i++)
        {
            int[] prompt = [.. Enumerable.Range(0, promptTokens).Select(_ => random.Next(ByteTokenizer.EndToken))];
            List<int> text = [.. prompt];
            bool isClear = true;
            for (int n = 0; n < count && isClear; n++)
            {
                double[] logits = Formula.Forward(text)[^1];
                int best = Array.IndexOf(logits, logits.Max());
                isClear = logits.Where((_, token) => token != best).Max() < logits[best] - marginMin && best < ByteTokenizer.EndToken;
                text.Add(best);
            }
            if (isClear)
                return (prompt, [.. text[promptTokens..]]);
        }
        throw new InvalidOperationException($"None of {PromptsTriedMax} prompts has a continuation with a margin of {marginMin}.");
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
