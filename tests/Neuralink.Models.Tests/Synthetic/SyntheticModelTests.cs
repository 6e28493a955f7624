using Neuralink.Models.Configuration;
using Neuralink.Models.Packing;
using Neuralink.Models.Synthetic;
using Neuralink.Models.Tests.Packing;
using Neuralink.Models.Tokenizers;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Synthetic;

public sealed class SyntheticModelTests : IDisposable
{
    private const int GeneratedTokens = 150;

    private static readonly string s_tokenizer = Path.Combine(BundledModel.Folder, "tokenizer.json");

    private readonly string _root = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    public static TheoryData<string> Tiny =>
        [.. SyntheticShapes.All.Where(shape => shape.Name.StartsWith("tiny", StringComparison.Ordinal)).Select(shape => shape.Name)];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [MemberData(nameof(Tiny))]
    public void A_model_runs_packed_at_its_published_share_and_does_not_repeat_itself(string name)
    {
        SyntheticShape shape = SyntheticShapes.Find(name)!;
        string folder = Write(shape, "model"), image = Path.Combine(_root, "model.nlk");
        PackedModel.Pack(folder, image, new PackOptions());
        using SparseForward model = new(image, chunkTokens: 32, threads: 1);
        Tokenizer tokenizer = Tokenizer.Load(s_tokenizer);
        int[] text = tokenizer.Encode(BundledModel.Domains[0].Text)[..256];
        ReadOnlySpan<float> logits = model.Forward(text).AsSpan()[^shape.Config.VocabularySize..];
        foreach (double share in model.ActiveShares)
            share.Should().BeApproximately(shape.Share, 0.15 * shape.Share);

        HashSet<int> generated = [];
        for (int i = 0; i < GeneratedTokens; i++)
        {
            int token = IndexOfMax(logits);
            tokenizer.TokenOf(token).Should().NotBeNull();
            tokenizer.IsSpecial(token).Should().BeFalse("no text ends by itself");
            generated.Add(token);
            logits = model.Forward([token]);
        }
        generated.Count.Should().BeGreaterThan(GeneratedTokens / 8);
        foreach (double share in model.ActiveShares)
            share.Should().BeApproximately(shape.Share, 0.2 * shape.Share);
    }

    [Theory]
    [MemberData(nameof(Tiny))]
    public void Neurons_fire_as_published_on_tokens_that_set_no_threshold(string name)
    {
        SyntheticShape shape = SyntheticShapes.Find(name)!;
        List<SyntheticStatistics> layers = [];
        SyntheticModel.Write(shape, Path.Combine(_root, "model"), new SyntheticModelOptions(s_tokenizer), layers.Add);
        layers.Select(l => l.Layer.Value).Should().Equal(Enumerable.Range(0, shape.Config.LayerCount));
        foreach ((_, ActivationStatistics active, double trueRunLength) in layers)
        {
            active.ActiveShare.Should().BeApproximately(shape.Share, 0.05 * shape.Share);
            active.HotShare.Should().BeApproximately(shape.EightyShare, 0.04);
            active.CoActivation.Should().BeGreaterThan(1.02 * active.IndependentCoActivation);
            trueRunLength.Should().BeGreaterThan(1.2 * active.MeanRunLength);
        }
    }

    [Fact]
    public void Every_shape_says_in_its_configuration_what_it_is()
    {
        foreach (SyntheticShape shape in SyntheticShapes.All)
        {
            File.WriteAllBytes(Path.Combine(_root, "config.json"), SyntheticConfigFile.Write(shape.Config, SyntheticModelFiles.Warning));
            HuggingFaceConfig.Read(_root).Should().BeEquivalentTo(shape.Config, "of {0}", shape.Name);
            File.ReadAllText(Path.Combine(_root, "config.json")).Should().Contain("means nothing");
        }
    }

    [Theory]
    [InlineData("opt-350m", 4)]
    [InlineData("opt-1.3b", 8)]
    [InlineData("opt-6.7b", 16)]
    [InlineData("llama2-7b", 24)]
    [InlineData("mistral-7b", 24)]
    public void Bundles_are_as_large_as_the_published_ones_and_their_checksum(string name, int kibibytes) =>
        SyntheticShapes.Find(name)!.StrideBytes.Should().Be((kibibytes * 1024) + 512);

    [Fact]
    public void Equal_seeds_give_equal_files_and_others_do_not()
    {
        SyntheticShape shape = SyntheticShapes.Find("tiny-opt")!.WithLayers(1);
        string[] folders = ["a", "b"];
        Parallel.ForEach(folders, name => Write(shape, name));
        byte[] first = Weights("a");
        Weights("b").Should().Equal(first);
        Write(shape, "c", seed: 2);
        Weights("c").Should().NotEqual(first);

        byte[] Weights(string name) =>
            System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(_root, name, "model.safetensors")));
    }

    [Fact]
    public void A_folder_that_exists_stays_unless_it_is_to_be_replaced()
    {
        SyntheticShape shape = SyntheticShapes.Find("tiny-opt")!.WithLayers(1);
        string folder = Write(shape, "model"), weights = Path.Combine(folder, "model.safetensors");
        byte[] before = File.ReadAllBytes(weights);
        FluentActions.Invoking(() => Write(shape, "model", seed: 2)).Should().Throw<NeuralinkException>().WithMessage("*exists*");
        File.ReadAllBytes(weights).Should().Equal(before);
        SyntheticModel.Write(shape, folder, new SyntheticModelOptions(s_tokenizer, Seed: 2, Replace: true));
        File.ReadAllBytes(weights).Should().NotEqual(before);
    }

    [Fact]
    public void A_folder_of_something_else_is_not_replaced()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_root, "letters")).FullName;
        File.WriteAllText(Path.Combine(folder, "letter.txt"), "Dear");
        FluentActions.Invoking(
            () => SyntheticModel.Write(SyntheticShapes.All[0], folder, new SyntheticModelOptions(s_tokenizer, Replace: true)))
            .Should().Throw<NeuralinkException>().WithMessage("*a synthetic model to replace*");
        Directory.GetFiles(folder).Should().ContainSingle();
    }

    [Fact]
    public void Cancelled_half_way_it_leaves_nothing()
    {
        using CancellationTokenSource source = new();
        FluentActions.Invoking(() => SyntheticModel.Write(
                SyntheticShapes.Find("tiny-opt")!, Path.Combine(_root, "model"), new SyntheticModelOptions(s_tokenizer),
                _ => source.Cancel(), null, source.Token))
            .Should().Throw<OperationCanceledException>();
        Directory.GetFileSystemEntries(_root).Should().BeEmpty();
    }

    [SmallDiskTheory]
    [InlineData("tiny-opt")]
    public void A_disk_without_room_is_named_and_left_as_it_was(string name)
    {
        SmallDiskTheoryAttribute.Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", _root).Should().BeTrue();
        try
        {
            FluentActions.Invoking(() => Write(SyntheticShapes.Find(name)!, "model")).Should().Throw<NeuralinkException>()
                .WithMessage($"*{_root}*free*space*");
            FluentActions.Invoking(
                () => SyntheticTrace.Write(SyntheticShapes.Find(name)!, Path.Combine(_root, "a.trace"), new SyntheticTraceOptions()))
                .Should().Throw<NeuralinkException>().WithMessage($"*{_root}*free*space*");
            Directory.GetFileSystemEntries(_root).Should().BeEmpty();
        }
        finally
        {
            SmallDiskTheoryAttribute.Run("umount", _root);
        }
    }

    private static int IndexOfMax(ReadOnlySpan<float> logits) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits);

    private string Write(SyntheticShape shape, string name, ulong seed = 1)
    {
        string folder = Path.Combine(_root, name);
        SyntheticModel.Write(shape, folder, new SyntheticModelOptions(s_tokenizer, seed));
        return folder;
    }
}
