using Neuralink.Kernels;
using Neuralink.Models.ChatTemplates;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Export;
using Neuralink.Models.Packing;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Export;

/// <summary>What a GGUF file has of a model. What llama.cpp computes of it is tested with llama.cpp (Neuralink.LlamaCpp.Tests).</summary>
public sealed class GgufExporterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    private string File => Path.Combine(_folder, "model.gguf");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("mistral-fatrelu", "FATReLU")]
    [InlineData("opt", "opt")]
    [InlineData("bamboo-drelu", "dReLU")]
    public void A_model_that_llama_cpp_cannot_run_is_refused_by_name(string name, string says)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        using Checkpoint source = Checkpoint.Open(model.Folder);

        FluentActions.Invoking(() => GgufExporter.Write(source, File, "m")).Should().Throw<NeuralinkException>().WithMessage($"*{says}*");
        Directory.GetFileSystemEntries(_folder).Should().BeEmpty();
    }

    [Theory]
    [InlineData("llama-relu")]
    [InlineData("llama-tied-f16")]
    public void Every_weight_comes_back_as_it_was(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        using Checkpoint source = Checkpoint.Open(model.Folder);
        GgufExporter.Write(source, File, "m");
        using Checkpoint exported = Checkpoint.Open(File);

        exported.SourceFormat.Should().Be(source.SourceFormat);
        (exported.Config with { EndTokens = [], ModelType = "", SlidingWindow = null, RopeScaling = null }).Should().Be(
            source.Config with { EndTokens = [], ModelType = "", SlidingWindow = null, RopeScaling = null });
        SameWeights(source, exported);
        exported.LoadTokenizer().Encode("Hello, \u00E9\u5929!").Should().Equal(source.LoadTokenizer().Encode("Hello, \u00E9\u5929!"));
    }

    [Fact]
    public void An_image_has_the_weights_of_the_model_it_was_packed_from()
    {
        using RandomModel model = new(RandomModels.ByName("llama-biased-bf16"));
        using Checkpoint source = Checkpoint.Open(model.Folder);
        string image = Path.Combine(_folder, "m.nlk");
        ModelPacker.Pack(source, image, new PackOptions());
        using Checkpoint packed = Checkpoint.OfImage(image);

        SameWeights(source, packed);
        packed.Config.Should().BeEquivalentTo(source.Config);
    }

    [Fact]
    public void A_chat_template_goes_along()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        System.IO.File.WriteAllText(Path.Combine(model.Folder, ChatTemplateFiles.Jinja), "{{ messages[0].content }}{{ eos_token }}");
        using Checkpoint source = Checkpoint.Open(model.Folder);
        GgufExporter.Write(source, File, "m");
        string image = Path.Combine(_folder, "m.nlk");
        using (Checkpoint exported = Checkpoint.Open(File))
            ModelPacker.Pack(exported, image, new PackOptions());

        foreach (string path in (string[])[File, image])
            ChatTemplateFiles.Find(path)!.Render([new ChatMessage("user", "Hi")], new ChatOptions()).Should().Be("Hi<end>");
    }

    [Fact]
    public void A_file_that_is_there_is_not_replaced_unless_that_is_asked_for()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        using Checkpoint source = Checkpoint.Open(model.Folder);
        GgufExporter.Write(source, File, "m");

        FluentActions.Invoking(() => GgufExporter.Write(source, File, "m")).Should().Throw<NeuralinkException>().WithMessage("*it exists*");
        GgufExporter.Write(source, File, "m", replace: true);
        Directory.GetFileSystemEntries(_folder).Should().Equal(File);
    }

    private static void SameWeights(Checkpoint expected, Checkpoint found)
    {
        foreach (TensorSpec spec in TensorCatalog.All(expected.Config))
            Read(found, spec).Should().Equal(Read(expected, spec), spec.Name);
    }

    private static byte[] Read(Checkpoint source, TensorSpec spec)
    {
        List<byte> bytes = [];
        TensorReader.ReadRows(source, spec, WeightFormat.F32, (_, _, rows) => bytes.AddRange(rows));
        return [.. bytes];
    }
}
