using System.Text.Json;
using Neuralink.Models.Checkpoints.Gguf;
using Neuralink.Models.Tests.Tokenizers;
using Neuralink.Models.Weights;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Tests.Checkpoints.Gguf;

/// <summary>Rows of tensors that ggml made and read again itself: they are read here to the same bits.</summary>
public class DequantisedRowsTests
{
    private const string Folder = "../checkpoints/gguf/";

    public static TheoryData<string> Types => new(
        "arcee-relu2", "llama-bf16", "llama-f16", "llama-f16-v2", "llama-f32", "llama-q4_0", "llama-q4_1", "llama-q4_k", "llama-q5_0",
        "llama-q5_1", "llama-q5_k", "llama-q6_k", "llama-q8_0", "smallthinker-reglu");

    [SharedDataTheory($"{Folder}README.md")]
    [MemberData(nameof(Types))]
    public void Are_those_of_to_float(string name)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.SharedData($"{Folder}{name}.expect.json")));
        using GgufSet file = GgufSet.Open(RepositoryFiles.SharedData($"{Folder}{name}.gguf"));
        int rows = 0;
        foreach (JsonProperty tensor in expected.RootElement.GetProperty("dequantised").EnumerateObject())
        {
            GgufTensor found = file.Find(tensor.Name)!;
            found.Type.Name.Should().Be(tensor.Value.GetProperty("type").GetString());
            foreach (JsonProperty row in tensor.Value.GetProperty("rows").EnumerateObject())
            {
                Row(file, found, int.Parse(row.Name)).Should().Equal(
                    row.Value.EnumerateArray().Select(value => value.GetSingle()),
                    (ours, theirs) => BitConverter.SingleToInt32Bits(ours) == BitConverter.SingleToInt32Bits(theirs),
                    "of {0}", tensor.Name);
                rows++;
            }
        }
        rows.Should().BeGreaterThan(1);
    }

    private static float[] Row(GgufSet file, GgufTensor tensor, int index)
    {
        ElementType type = GgufElementTypes.Of(tensor.Type);
        float[] values = new float[tensor.Columns];
        byte[] row = new byte[type.RowBytes(values.Length)];
        file.Read(tensor, (long)index * row.Length, row);
        type.Decode(row, values);
        return values;
    }
}
