using System.Text.Json.Nodes;
using Neuralink.Models.Checkpoints;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Safetensors;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Weights;

/// <summary>
/// Weights that are read to where they stay are those of the checkpoint, and nothing is used that is not as it was packed.
/// </summary>
public sealed class WeightFileTests
{
    public static TheoryData<string> Models => [.. RandomModels.All.Select(spec => spec.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void In_place_the_weights_are_those_of_the_checkpoint(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        using PackedModel packed = new(model.Folder);
        using Checkpoint source = Checkpoint.Open(model.Folder);
        FlashImage image = FlashImage.Open(packed.Folder);
        ImageModel read = ImageModel.Of(image);
        (ModelConfig config, WeightFormat format) = (read.Config, read.Formats.Resident);
        foreach (TensorPlace place in (TensorPlace[])[TensorPlace.Resident, TensorPlace.Predictor])
        {
            using NativeArena inPlace = new(WeightFile.RequiredBytes(config, format, place)), copied = new(16 << 20);
            WeightFile file = WeightFile.Load(read, place, inPlace, FlashAccess.Direct, CancellationToken.None);
            CopiedWeights copy = new(source, copied, "copy");
            IEnumerable<TensorSpec> specs = TensorCatalog.All(config).Where(s => s.Place == place);
            foreach (IGrouping<string, TensorSpec> product in specs.GroupBy(s => s.Product ?? s.Name))
            {
                ReadOnlySpan<byte> found = BytesOf(file.Load(format, [.. product])), expected = BytesOf(copy.Load(format, [.. product]));
                found.SequenceEqual(expected).Should().BeTrue("{0} is that of the checkpoint", product.Key);
            }
        }
    }

    [Fact]
    public void Damage_is_said_to_be_damage_even_where_it_makes_a_weight_infinite()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        using PackedModel packed = new(model.Folder);
        FlashImage image = FlashImage.Open(packed.Folder);
        Overwrite(image, ImageFiles.Resident, "model.embed_tokens.weight", float.PositiveInfinity, isListed: false);
        ShouldFail(image, TensorPlace.Resident, image.PathOf(ImageFiles.Resident), "XXH128");
        Overwrite(image, ImageFiles.Predictor, "model.layers.1.mlp.gate_proj.weight", float.NaN, isListed: false);
        ShouldFail(image, TensorPlace.Predictor, image.PathOf(ImageFiles.Predictor), "XXH128");
        FluentActions.Invoking(() => ImageTensors.ReadPredictor(ImageModel.Of(image), FlashAccess.Direct, ReadGate, CancellationToken.None))
            .Should().Throw<NeuralinkException>().WithMessage("*XXH128*");
    }

    [Theory]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.NaN)]
    public void A_weight_that_is_not_finite_is_refused_by_its_tensor_though_the_digest_matches(float value)
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        using PackedModel packed = new(model.Folder);
        const string Output = "model.layers.2.self_attn.o_proj.weight";
        FlashImage image = Overwrite(FlashImage.Open(packed.Folder), ImageFiles.Resident, Output, value, isListed: true);
        ShouldFail(image, TensorPlace.Resident, Output, "finite weights");
        image = Overwrite(image, ImageFiles.Predictor, "model.layers.1.mlp.gate_proj.weight", value, isListed: true);
        FluentActions.Invoking(() => ImageTensors.ReadPredictor(ImageModel.Of(image), FlashAccess.Direct, ReadGate, CancellationToken.None))
            .Should().Throw<NeuralinkException>().WithMessage("*model.layers.1.mlp.gate_proj.weight*finite weights*");
    }

    [Fact]
    public void Another_models_file_is_refused_by_the_first_tensor_that_differs()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        using PackedModel packed = new(model.Folder);
        FlashImage image = FlashImage.Open(packed.Folder);
        ModelConfig other = ModelConfigJson.Read(image) with { AttentionOutputBias = true };
        ShouldFail(image, other, TensorPlace.Resident, "expected tensor model.layers.0.self_attn.o_proj.bias of F32", "pack");
    }

    private static Span<byte> BytesOf(NativeBuffer buffer) => buffer.Bytes(0, (int)buffer.LengthBytes);

    private static bool ReadGate(ITensorSource tensors)
    {
        SourceTensor gate = tensors.Get("model.layers.1.mlp.gate_proj.weight");
        TensorSpec spec = new(gate.Name, (int)gate.Shape[0], (int)gate.Shape[1], TensorPlace.Predictor);
        TensorReader.ReadRows(tensors, spec, WeightFormat.F32, (_, _, _) => { });
        return true;
    }

    private static void ShouldFail(FlashImage image, TensorPlace place, params string[] parts) =>
        ShouldFail(image, ModelConfigJson.Read(image), place, parts);

    private static void ShouldFail(FlashImage image, ModelConfig config, TensorPlace place, params string[] parts)
    {
        using NativeArena arena = new(16 << 20);
        FluentActions.Invoking(
            () => WeightFile.Load(ImageModel.Of(image) with { Config = config }, place, arena, FlashAccess.Direct, CancellationToken.None))
            .Should().Throw<NeuralinkException>().Which.Message.Should().ContainAll(parts).And.NotContain("\n");
    }

    /// <summary>
    /// Puts a value into the middle of a float32 tensor, and the file's new digest into the manifest if it is to be listed.
    /// </summary>
    private static FlashImage Overwrite(FlashImage image, string fileName, string tensorName, float value, bool isListed)
    {
        string path = image.PathOf(fileName), manifestPath = image.PathOf(ImageManifest.FileName);
        TensorInfo tensor;
        using (SafetensorsFile file = SafetensorsFile.Open(path))
            tensor = file.Tensors[tensorName];
        byte[] bytes = File.ReadAllBytes(path);
        int at = (int)(tensor.FileOffset + (tensor.ElementCount / 2 * sizeof(float)));
        BitConverter.TryWriteBytes(bytes.AsSpan(at), value).Should().BeTrue();
        File.WriteAllBytes(path, bytes);
        if (isListed)
        {
            JsonObject manifest = JsonNode.Parse(File.ReadAllText(manifestPath))!.AsObject();
            manifest["files"]![fileName]!["xxh128"] = FileDigest.Of(path);
            File.WriteAllText(manifestPath, manifest.ToJsonString());
        }
        return FlashImage.Open(image.Folder);
    }
}
