using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Storage.Tests.Image;

/// <summary>An image's activation sample is read as it was written, is of one model, and stays with an image that is placed anew.</summary>
public sealed class ActivationSampleTests : IDisposable
{
    private readonly SmallImage _image = new();

    public void Dispose() => _image.Dispose();

    [Fact]
    public void What_is_written_is_read()
    {
        FlashImage image = FlashImage.Open(_image.Folder);
        ActivationSample.Find(image).Should().BeNull();
        ActivationSample written = Create(image.ModelDigest, image.LayerCount, image.SlotCount);
        written.Write(image.PathOf(ActivationSample.FileName));
        written.Write(image.PathOf(ActivationSample.FileName));
        Directory.GetFiles(_image.Folder).Should().HaveCount(_image.Files.Count + 1, "nothing temporary stays");
        ActivationSample read = ActivationSample.Find(image)!;
        read.Info.Should().Be(written.Info);
        for (int layer = 0; layer < image.LayerCount; layer++)
        {
            read.Counts[layer].Should().Equal(written.Counts[layer]);
            for (int token = 0; token < read.Info.SampledTokens; token++)
                read.Layers[layer].Token(token).SequenceEqual(written.Layers[layer].Token(token)).Should().BeTrue();
        }
        int[] neurons = new int[image.SlotCount];
        var rows = read.Layers.SelectMany(layer => Enumerable.Range(0, layer.TokenCount).Select(token => layer.CopyActive(token, neurons)));
        read.ActiveMost.Should().Be(rows.Max()).And.BeGreaterThan(0);
    }

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(255, 0, 255)]
    [InlineData(511, 0, 256)]
    [InlineData(512, 256, 512)]
    [InlineData(1500, 512, 768)]
    public void The_middle_window_of_a_trace_is_kept(int tokens, int begin, int end) =>
        ActivationSample.RangeOf(tokens).Should().Be((begin, end));

    [Fact]
    public void One_of_another_model_is_refused()
    {
        FlashImage image = FlashImage.Open(_image.Folder);
        Create(new string('f', 64), image.LayerCount, image.SlotCount).Write(image.PathOf(ActivationSample.FileName));
        image.Invoking(ActivationSample.Find).Should().Throw<NeuralinkException>().WithMessage("*activation sample of this model*");
    }

    [Fact]
    public void A_new_placement_leaves_it_as_it_is()
    {
        FlashImage image = FlashImage.Open(_image.Folder);
        string path = image.PathOf(ActivationSample.FileName);
        Create(image.ModelDigest, image.LayerCount, image.SlotCount).Write(path);
        byte[] before = File.ReadAllBytes(path);
        int[] reversed = [.. Enumerable.Range(0, image.SlotCount).Reverse()];
        ImageRewriter.Rewrite(
            image, _image.Folder, [Permutation.Of(reversed), Permutation.Of(reversed)],
            PlacementManifest.Identity with { Method = "random" }, replace: true);
        File.ReadAllBytes(path).Should().Equal(before);
        ActivationSample.Find(_image.Check()).Should().NotBeNull();
    }

    [Fact]
    public void Layers_of_other_shapes_are_a_programmers_error()
    {
        ActivationSample sample = Create("digest", 2, 70);
        sample.Invoking(s => new ActivationSample(s.Info, s.Counts, [s.Layers[0]])).Should().Throw<ArgumentException>();
        sample.Invoking(s => new ActivationSample(s.Info, [s.Counts[0], [1]], s.Layers))
            .Should().Throw<ArgumentException>();
        sample.Invoking(s => new ActivationSample(s.Info with { SampledTokens = 1 }, s.Counts, s.Layers))
            .Should().Throw<ArgumentException>();
    }

    /// <summary>Three tokens of chance.</summary>
    internal static ActivationSample Create(string digest, int layers, int neurons)
    {
        Random random = new(3);
        ActivationMatrix[] rows =
        [
            .. Enumerable.Range(0, layers).Select(_ => ActivationMatrix.FromLists(neurons, [.. Enumerable.Range(0, 3).Select(_ =>
                Enumerable.Range(0, neurons).Where(_ => random.Next(4) == 0).ToArray())])),
        ];
        return new ActivationSample(
            new ActivationSampleInfo(digest, "chance.txt", layers, neurons, TracedTokens: 40, SampledTokens: 3),
            [.. rows.Select(r => r.Frequencies())], rows);
    }
}
