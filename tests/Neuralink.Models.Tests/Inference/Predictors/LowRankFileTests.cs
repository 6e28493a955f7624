using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Storage;
using Neuralink.Storage.Safetensors;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Inference.Predictors;

public sealed class LowRankFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    private string PredictorPath => Path.Combine(_folder, "p.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(SafetensorsDtype.F16, WeightFormat.F16)]
    [InlineData(SafetensorsDtype.F32, WeightFormat.F32)]
    public void A_file_says_what_was_written(SafetensorsDtype dtype, WeightFormat format)
    {
        RandomLowRank.Write(PredictorPath, dtype);
        using LowRankFile file = LowRankFile.Open(PredictorPath);
        file.Info.Should().BeEquivalentTo(RandomLowRank.Info with { Weights = format });
        file.Info.MultiplyAddsOf(0).Should().Be(5 * (21 + 77));
        file.Info.MultiplyAddsOf(1).Should().Be(0);
    }

    [Theory]
    [InlineData("format", "neuralink-trace", "a predictor", "'neuralink-trace'")]
    [InlineData("format", null, "a predictor", "'none'")]
    [InlineData("format_version", "2", "format version 1", "'2'")]
    [InlineData("kind", "sketch", "kind 'low-rank' or 'svd'", "'sketch'")]
    [InlineData("input", "logits", "'ffn_input' or 'residual'", "'logits'")]
    [InlineData("depth", "-1", "metadata depth of 0", "'-1'")]
    [InlineData("depth", "4096", "metadata depth of 0", "'4096'")]
    [InlineData("model_digest", null, "metadata model_digest", "none")]
    [InlineData("layers", "[]", "one of them predicted", "0")]
    [InlineData("layers", "[null,null,null]", "one of them predicted", "3")]
    [InlineData("layers", "[{}]", "metadata layers as JSON", "rank")]
    [InlineData("layers", "[1,", "metadata layers as JSON", "found")]
    [InlineData("layers", """[{"rank":5,"threshold":0,"figures":null}]""", "3 tensors", "5")]
    [InlineData("layers", """[{"rank":6,"threshold":0,"figures":null}]""", "rank 6 of layer 0", "5")]
    [InlineData("layers", """[null,{"rank":5,"threshold":0,"figures":null}]""", "tensor layers.1.fc1.weight", "no such tensor")]
    public void Metadata_that_contradict(string key, string? value, string expected, string found)
    {
        RandomLowRank.Write(PredictorPath, change: metadata =>
        {
            metadata.Remove(key);
            if (value is not null)
                metadata.Add(key, value);
        });
        Refused(() => LowRankFile.Open(PredictorPath), PredictorPath, expected, found);
    }

    [Fact]
    public void Shapes_that_contradict()
    {
        IReadOnlyDictionary<string, string> metadata = LowRankFormat.Metadata(RandomLowRank.Info);
        (string Name, long[] Shape)[] tensors = [.. RandomLowRank.Tensors(LowRankFormat.Module)];
        Changed(0, [5, 20], "[33, 20]", "[33, 21]");
        Changed(0, [5], "[rank, d]", "[5]");
        Changed(1, [77, 4], "[77, 5]", "[77, 4]");
        Changed(2, [76], "layers.0.fc2.bias of [77]", "[76]");
        Changed(3, [0, 21], "[rank, d]", "[0, 21]");
        RandomLowRank.Write(PredictorPath, tensors.Where((_, i) => i != 4), SafetensorsDtype.F16, metadata);
        Refused(() => LowRankFile.Open(PredictorPath), "layers.2.fc2.weight", "no such tensor");
        RandomLowRank.Write(PredictorPath, tensors, SafetensorsDtype.I16, metadata);
        Refused(() => LowRankFile.Open(PredictorPath), "as F16, BF16 or F32", "I16");

        void Changed(int index, long[] shape, params string[] parts)
        {
            RandomLowRank.Write(PredictorPath, tensors.Select((t, i) => i == index ? (t.Name, shape) : t), SafetensorsDtype.F16, metadata);
            Refused(() => LowRankFile.Open(PredictorPath), [PredictorPath, .. parts]);
        }
    }

    [Fact]
    public void A_predictor_of_another_model_is_refused_with_the_first_difference()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        ModelConfig config = HuggingFaceConfig.Read(model.Folder) with { LayerCount = 3, HiddenSize = 21, FfnSize = 77 };
        Action expect = () => RandomLowRank.Info.ExpectModel("p", "m", new string('a', 64), config);
        expect.Should().NotThrow();
        Differs(config with { LayerCount = 4 }, 'a', "expected 4 layers, found 3 in a predictor of small; train one for this very model");
        Differs(config with { HiddenSize = 22 }, 'a', "expected inputs of 22 values, found 21");
        Differs(config with { FfnSize = 78 }, 'a', "expected 78 neurons a layer, found 77");
        Differs(config, 'c', "expected model digest cccccccccccccccc…, found aaaaaaaaaaaaaaaa…");

        static void Differs(ModelConfig config, char digest, string message) =>
            FluentActions.Invoking(() => RandomLowRank.Info.ExpectModel("p", "m", new string(digest, 64), config))
                .Should().Throw<NeuralinkException>()
                .WithMessage($"cannot use p for m: {message}*");
    }

    [Theory]
    [InlineData("model.layers.{0}.mlp.predictor", true)]
    [InlineData("model.layers.{0}.mlp.predictor", false)]
    [InlineData("model.decoder.layers.{0}.predictor", false)]
    [InlineData("blk.{0}", false)]
    public void Published_weights_are_taken_as_they_are(string module, bool inFolder)
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        ModelConfig config = HuggingFaceConfig.Read(model.Folder) with { LayerCount = 3, HiddenSize = 21, FfnSize = 77 };
        string path = inFolder ? Path.Combine(_folder, "model.safetensors") : PredictorPath;
        RandomLowRank.Write(
            path, [.. RandomLowRank.Tensors(i => string.Format(null, module, i)), ("model.norm.weight", [21])], SafetensorsDtype.F32);
        using LowRankFile file = LowRankFile.OpenPublished(inFolder ? _folder : path, config, threshold: -0.5f);
        file.Info.Input.Should().Be(PredictorInput.Residual);
        file.Info.Depth.Should().Be(0);
        file.Info.Weights.Should().Be(WeightFormat.F32);
        file.Info.Layers.Should().Equal(new LowRankLayer(5, true, -0.5f, null), null, new LowRankLayer(33, false, -0.5f, null));
        Refused(
            () => LowRankFile.OpenPublished(inFolder ? _folder : path, config with { FfnSize = 78 }), "expected 78 neurons a layer",
            "found 77");
        RandomLowRank.Write(path, [("model.norm.weight", [21])], SafetensorsDtype.F32);
        Refused(
            () => LowRankFile.OpenPublished(inFolder ? _folder : path, config), "model.layers.0.mlp.predictor.fc1.weight",
            "none among 1 tensors", "train-predictor");
    }

    [Fact]
    public void A_decomposed_matrix_is_told_from_a_trained_one()
    {
        RandomLowRank.Write(PredictorPath, change: metadata => metadata["kind"] = "svd");
        using LowRankFile file = LowRankFile.Open(PredictorPath);
        file.Info.Should().BeEquivalentTo(RandomLowRank.Info with { IsLinear = true });
        LowRankFormat.Metadata(file.Info)["kind"].Should().Be("svd");
    }

    [Theory]
    [InlineData("low-rank")]
    [InlineData("svd")]
    public void Whatever_is_done_to_its_bytes_it_reads_or_says_in_a_line_what_is_wrong(string kind)
    {
        RandomLowRank.Write(PredictorPath, change: metadata => metadata["kind"] = kind);
        byte[] whole = File.ReadAllBytes(PredictorPath);
        int headerEnd = Array.LastIndexOf(whole, (byte)'}', 8 + (int)BitConverter.ToInt64(whole) - 1) + 1, refused = 0;
        Reads(whole).Should().BeTrue();
        for (int length = 0; length < whole.Length; length += length < 16 ? 1 : 97)
            Reads(whole[..length]).Should().BeFalse("{0} of {1} bytes are not a whole file", length, whole.Length);
        for (int at = 0; at < headerEnd; at++)
        {
            byte[] bytes = [.. whole];
            bytes[at] ^= (byte)(1 << (at % 8));
            refused += Reads(bytes) ? 0 : 1;
        }
        refused.Should().BeGreaterThan(headerEnd / 3, "most of a header is structure; texts and figures may be anything");
        Random random = new(12345);
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = [.. whole];
            for (int change = 0; change < 4; change++)
                bytes[random.Next(8, headerEnd)] = (byte)random.Next(256);
            Reads(bytes);
        }
    }

    private static void Refused(Action open, params string[] parts)
    {
        NeuralinkException error = open.Should().Throw<NeuralinkException>().Which;
        foreach (string part in parts)
            error.Message.Should().Contain(part);
        error.Advice.Should().NotBeNull();
    }

    private bool Reads(byte[] bytes)
    {
        File.WriteAllBytes(PredictorPath, bytes);
        try
        {
            using LowRankFile file = LowRankFile.Open(PredictorPath);
            for (int i = 0; i < file.Info.Layers.Count; i++)
            {
                if (file.Info.Layers[i] is not null)
                    file.Get($"{file.ModuleOf(i)}.fc1.weight").Type.IsWeight.Should().BeTrue();
            }
            return true;
        }
        catch (NeuralinkException error)
        {
            error.Message.Should().Contain(PredictorPath);
            return false;
        }
    }
}
