using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Packing;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Checkpoints.Gguf;

/// <summary>Files of PowerInfer's dialect are the models that they were made from, with their predictors beside them.</summary>
public sealed class PowerInferTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("opt", "opt", ActivationKind.Relu)]
    [InlineData("llama-relu", "llama", ActivationKind.Relu)]
    [InlineData("bamboo-drelu", "bamboo", ActivationKind.DRelu)]
    public void It_packs_into_the_image_of_the_model_it_was_made_from(string model, string architecture, ActivationKind activation)
    {
        using RandomModel random = new(RandomModels.ByName(model));
        ShouldBeOf(random.Folder, architecture, activation);
    }

    [Theory]
    [InlineData("falcon-7b")]
    [InlineData("falcon-40b")]
    public void A_Falcon_whose_attention_is_one_matrix_does_too(string family)
    {
        using FamilyFolder folder = new(family);
        ShouldBeOf(folder.Path, "falcon", ActivationKind.Relu);
    }

    [Fact]
    public void Its_predictors_become_the_images_with_their_threshold()
    {
        using RandomModel random = new(RandomModels.LlamaRelu);
        string image = Pack(random.Folder, new PowerInferFile("llama") { Threshold = 0.25f }, out ModelConfig config);
        FlashImage opened = FlashImage.Open(image);
        opened.Manifest.Files.Should().NotContainKey(LowRankFile.NameOf(0), "another may take its place");
        using LowRankFile file = LowRankFile.Open(opened.PathOf(LowRankFile.NameOf(0)));
        file.Info.ExpectModel("predictor", "model", opened.ModelDigest, config);
        file.Info.Input.Should().Be(PredictorInput.Residual);
        file.Info.ModelDigest.Should().Be(opened.ModelDigest);
        file.Info.Layers.Should().HaveCount(config.LayerCount)
            .And.OnlyContain(layer => layer!.Rank == PowerInferFile.Rank && layer.Threshold == 0.25f && !layer.HasBias);
    }

    [Fact]
    public void Predictors_of_some_layers_only_are_refused()
    {
        using RandomModel random = new(RandomModels.LlamaRelu);
        FluentActions.Invoking(() => Pack(random.Folder, new PowerInferFile("llama") { LayersWithout = 1 }, out _))
            .Should().Throw<NeuralinkException>().WithMessage("*tensor blk.2.fc1.weight of shape [rank, 72]*no such tensor*");
    }

    [Fact]
    public void An_architecture_that_the_dialect_lacks_is_refused()
    {
        using RandomModel random = new(RandomModels.LlamaRelu);
        FluentActions.Invoking(() => Pack(random.Folder, new PowerInferFile("qwen2"), out _))
            .Should().Throw<NeuralinkException>().WithMessage("*one of llama, bamboo, falcon, opt*\"qwen2\"*");
    }

    private void ShouldBeOf(string folder, string architecture, ActivationKind activation)
    {
        string image = Pack(folder, new PowerInferFile(architecture), out ModelConfig config);
        using PackedModel expected = new(folder);
        ModelConfig original = ModelConfigJson.Read(FlashImage.Open(expected.Folder));
        config.Activation.Should().Be(activation);
        config.Should().BeEquivalentTo(original, options => options
            .Excluding(c => c.ModelType).Excluding(c => c.RotaryPairs).Excluding(c => c.RopeTheta).Excluding(c => c.EndTokens)
            .Excluding(c => c.SlidingWindow));
        foreach (string file in (string[])[ImageFiles.Resident, ImageFiles.Predictor, ImageFiles.Neurons])
            File.ReadAllBytes(Path.Combine(image, file)).Should().Equal(File.ReadAllBytes(Path.Combine(expected.Folder, file)), file);
    }

    private string Pack(string folder, PowerInferFile file, out ModelConfig config)
    {
        string path = Path.Combine(_folder, "model.powerinfer.gguf"), image = Path.Combine(_folder, "model.nlk");
        using (Checkpoint source = Checkpoint.Open(folder))
            file.Write(path, source);
        using Checkpoint checkpoint = Checkpoint.Open(path);
        ModelPacker.Pack(checkpoint, image, new PackOptions());
        config = checkpoint.Config;
        return image;
    }
}
