using Neuralink.Models.Synthetic;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Storage.Traces;

namespace Neuralink.Models.Tests.Synthetic;

public sealed class SyntheticTraceTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    public static TheoryData<string> Names => [.. SyntheticShapes.All.Select(shape => shape.Name)];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_shape_fires_as_published(string name)
    {
        SyntheticShape shape = SyntheticShapes.Find(name)!.WithLayers(2);
        string path = Path.Combine(_root, "a.trace");
        IReadOnlyList<SyntheticStatistics> layers = SyntheticTrace.Write(shape, path, new SyntheticTraceOptions(2000, Seed: 3));
        foreach ((LayerIndex layer, ActivationStatistics active, double trueRunLength) in layers)
        {
            active.ActiveShare.Should().BeApproximately(shape.Share, 0.05 * shape.Share, "of {0}", layer);
            active.HotShare.Should().BeApproximately(shape.EightyShare, 0.03);

            // Where a quarter of the neurons fires, those that fire nearly always leave little to find.
            active.CoActivation.Should().BeGreaterThan((shape.Config.Gated ? 1.005 : 1.03) * active.IndependentCoActivation);
            trueRunLength.Should().BeGreaterThan(1.25 * active.MeanRunLength);
        }
        using ActivationTrace trace = ActivationTrace.Open(path);
        trace.Info.Should().BeEquivalentTo(
            new
            {
                ModelDigest = $"synthetic:{name}:2:3",
                LayerCount = 2,
                NeuronCount = shape.Config.FfnSize,
                TokenCount = 2000,
                shape.StrideBytes,
            });
        ActivationStatistics.Of(trace.Layer(new LayerIndex(1))).Should().Be(layers[1].Active);
    }

    [Fact]
    public void Equal_arguments_give_equal_files_and_others_do_not()
    {
        SyntheticTraceOptions options = new(300, Seed: 5, Domain: 1, Text: 2);
        string digest = DigestOf("a", options);
        DigestOf("b", options).Should().Be(digest);
        string[] others =
        [
            DigestOf("c", options with { Seed = 6 }), DigestOf("d", options with { Domain = 2 }), DigestOf("e", options with { Text = 3 })
        ];
        others.Append(digest).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Texts_are_of_the_same_model_and_seeds_of_another()
    {
        using ActivationTrace of = Open("a", new(100)), text = Open("b", new(100, Domain: 3, Text: 1)), seed = Open("c", new(100, Seed: 2));
        text.Info.ModelDigest.Should().Be(of.Info.ModelDigest);
        text.Info.TextsDigest.Should().NotBe(of.Info.TextsDigest);
        seed.Info.ModelDigest.Should().NotBe(of.Info.ModelDigest);
    }

    [Fact]
    public void A_file_that_exists_stays_unless_it_is_to_be_replaced()
    {
        string path = PathOf("a");
        File.WriteAllText(path, "mine");
        FluentActions.Invoking(() => Open("a", new(100))).Should().Throw<NeuralinkException>().WithMessage("*exists*");
        File.ReadAllText(path).Should().Be("mine");
        Open("a", new(100, Replace: true)).Dispose();
        Directory.GetFileSystemEntries(_root).Should().Equal(path);
    }

    [Fact]
    public void Cancelled_it_leaves_nothing()
    {
        FluentActions.Invoking(
            () =>
                SyntheticTrace.Write(SyntheticShapes.Find("tiny-opt")!, PathOf("a"), new(100), null, new CancellationToken(canceled: true)))
            .Should().Throw<OperationCanceledException>();
        Directory.GetFileSystemEntries(_root).Should().BeEmpty();
    }

    private string PathOf(string name) => Path.Combine(_root, name);

    private string DigestOf(string name, SyntheticTraceOptions options)
    {
        using ActivationTrace trace = Open(name, options);
        return trace.Digest;
    }

    private ActivationTrace Open(string name, SyntheticTraceOptions options)
    {
        SyntheticTrace.Write(SyntheticShapes.Find("tiny-opt")!, PathOf(name), options);
        return ActivationTrace.Open(PathOf(name));
    }
}
