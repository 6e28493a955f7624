using System.Text.Json.Nodes;
using Neuralink.Placement;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;

namespace Neuralink.Storage.Tests.Image;

/// <summary>A rewritten image holds the same neurons in another order, and appears whole or not at all.</summary>
public sealed class ImageRewriterTests : IDisposable
{
    private static readonly PlacementManifest s_shuffled = new("random", Seed: 3, Trace: null, Statistics: null, ReadCost: null);

    private readonly SmallImage _image = new();
    private readonly TemporaryFolder _parent = new();

    public static TheoryData<string> KeptFiles => [ImageFiles.Resident, ImageFiles.Predictor, ImageFiles.Tokenizer];

    private string Destination => _parent.File("placed.nlk");

    public void Dispose()
    {
        _image.Dispose();
        _parent.Dispose();
    }

    [Fact]
    public void Each_neurons_bundle_moves_to_the_slot_that_its_order_names()
    {
        FlashImage before = _image.Check();
        Permutation[] orders = Shuffled(before, seed: 3);
        ImageRewriter.Rewrite(before, Destination, orders, s_shuffled);
        FlashImage after = FlashImage.Open(Destination);
        ImageVerifier.Verify(after, null, CancellationToken.None);
        after.Manifest.Placement.Should().Be(s_shuffled);
        for (int layer = 0; layer < before.LayerCount; layer++)
        {
            after.PlacementOf(new LayerIndex(layer)).NeuronOfSlot.SequenceEqual(orders[layer].NeuronOfSlot).Should().BeTrue();
            for (int neuron = 0; neuron < before.SlotCount; neuron++)
                Bundle(after, layer, neuron).Should().Equal(Bundle(before, layer, neuron));
        }
        (after.OffsetOf(new LayerIndex(0), new Slot(0)) % ImageFiles.DataAlignmentBytes).Should().Be(0);
    }

    [Fact]
    public void Orders_can_be_changed_again_and_taken_back_to_the_byte()
    {
        ImageRewriter.Rewrite(_image.Check(), Destination, Shuffled(_image.Check(), seed: 3), s_shuffled);
        ImageRewriter.Rewrite(FlashImage.Open(Destination), Destination, Shuffled(_image.Check(), seed: 4), s_shuffled, replace: true);
        File.ReadAllBytes(Path.Combine(Destination, ImageFiles.Neurons)).Should().NotEqual(_image.Files[ImageFiles.Neurons]);
        Permutation identity = Permutation.Identity(12);
        ImageRewriter.Rewrite(FlashImage.Open(Destination), Destination, [identity, identity], PlacementManifest.Identity, replace: true);
        foreach ((string name, byte[] bytes) in _image.Files)
            File.ReadAllBytes(Path.Combine(Destination, name)).Should().Equal(bytes, name);
        Directory.GetFileSystemEntries(_parent.Path).Should().Equal(Destination);
    }

    [Fact]
    public void Files_beside_the_images_own_are_carried_over_unlisted()
    {
        FlashImage image = _image.Check();
        File.WriteAllText(image.PathOf("low-rank.safetensors"), "a trained predictor");
        File.WriteAllText(image.PathOf("low-rank.safetensors.tmp-abc"), "half a predictor");
        List<long> reports = [];
        ImageRewriter.Rewrite(image, Destination, Shuffled(image, seed: 3), s_shuffled, progress: new Reporter(reports.Add));
        FlashImage after = FlashImage.Open(Destination);
        File.ReadAllText(after.PathOf("low-rank.safetensors")).Should().Be("a trained predictor");
        File.Exists(after.PathOf("low-rank.safetensors.tmp-abc")).Should().BeFalse();
        after.Manifest.Files.Keys.Should().BeEquivalentTo(image.Manifest.Files.Keys);
        reports[^1].Should().Be(ImageRewriter.TotalBytes(image));
        ImageRewriter.Rewrite(after, Destination, Shuffled(image, seed: 4), s_shuffled, replace: true);
        File.ReadAllText(after.PathOf("low-rank.safetensors")).Should().Be("a trained predictor");
    }

    [Fact]
    public void The_manifest_keeps_how_the_order_was_made()
    {
        PlacementManifest placement = new(
            "neuralink", Seed: 7, new PlacementTrace(new string('a', 64), 1234, "a.txt, \"b\".txt"),
            new PlacementStatistics(1.5, 2.25, 1.125, 0.75),
            new PlacementReadCost("a phone", [new DeviceRead(4096, 20.5), new DeviceRead(65536, 80)]));
        ImageRewriter.Rewrite(_image.Check(), Destination, Shuffled(_image.Check(), seed: 3), placement);
        FlashImage.Open(Destination).Manifest.Placement.Should().BeEquivalentTo(placement);
        JsonObject json = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Destination, ImageManifest.FileName)))!["placement"]!.AsObject();
        json["statistics"]!["bytes_read_per_byte_used"]!.GetValue<double>().Should().Be(1.125);
        json["read_cost"]!["reads"]![1]!["micros"]!.GetValue<double>().Should().Be(80);
    }

    [Fact]
    public void Progress_ends_at_the_total()
    {
        List<long> reports = [];
        FlashImage image = _image.Check();
        ImageRewriter.Rewrite(image, Destination, Shuffled(image, seed: 3), s_shuffled, progress: new Reporter(reports.Add));
        reports.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        reports[^1].Should().Be(ImageRewriter.TotalBytes(image));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 11)]
    public void A_damaged_bundle_is_named_and_not_copied(int layer, int slot)
    {
        FlashImage image = _image.Check();
        byte[] bytes = [.. _image.Files[ImageFiles.Neurons]];
        bytes[image.OffsetOf(new LayerIndex(layer), new Slot(slot)) + 9] ^= 4;
        _image.Write(ImageFiles.Neurons, bytes);
        ShouldFail(image, _image.PathOf(ImageFiles.Neurons), $"layer {layer}, slot {slot} with a matching CRC-32C");
    }

    [Theory]
    [MemberData(nameof(KeptFiles))]
    [InlineData(ImageFiles.Placement)]
    public void A_damaged_file_is_named_and_not_copied(string name)
    {
        FlashImage image = _image.Check();
        byte[] bytes = [.. _image.Files[name]];
        bytes[^1] ^= 4;
        _image.Write(name, bytes);
        ShouldFail(image, _image.PathOf(name), "XXH128");
    }

    [Theory]
    [MemberData(nameof(KeptFiles))]
    [InlineData(ImageFiles.Neurons)]
    public void A_file_that_vanishes_or_shrinks_is_named(string name)
    {
        FlashImage image = _image.Check();
        _image.Write(name, _image.Files[name][..^600]);
        ShouldFail(image, _image.PathOf(name));
        File.Delete(_image.PathOf(name));
        ShouldFail(image, _image.PathOf(name));
    }

    [Fact]
    public void Stopped_at_any_moment_nothing_is_left_and_what_was_there_stays()
    {
        FlashImage image = _image.Check();
        List<long> reports = [];
        ImageRewriter.Rewrite(image, Destination, Shuffled(image, seed: 3), s_shuffled, progress: new Reporter(reports.Add));
        byte[] before = File.ReadAllBytes(Path.Combine(Destination, ImageManifest.FileName));
        for (int after = 0; after + 1 < reports.Count; after++)
        {
            using CancellationTokenSource cancel = new();
            int count = 0, last = after;
            Reporter cancelling = new(_ => Stop(() => cancel.Cancel())),
                throwing = new(_ => Stop(() => throw new InvalidOperationException("broken")));
            image.Invoking(
                i => ImageRewriter.Rewrite(i, Destination, Shuffled(i, seed: 4), s_shuffled, replace: true, cancelling, cancel.Token))
                .Should().Throw<OperationCanceledException>();
            count = 0;
            image.Invoking(i => ImageRewriter.Rewrite(i, Destination, Shuffled(i, seed: 4), s_shuffled, replace: true, throwing))
                .Should().Throw<InvalidOperationException>().WithMessage("broken");
            Directory.GetFileSystemEntries(_parent.Path).Should().Equal([Destination], "stopped after {0} reports", after);
            File.ReadAllBytes(Path.Combine(Destination, ImageManifest.FileName)).Should().Equal(before);

            void Stop(Action stop)
            {
                if (count++ == last)
                    stop();
            }
        }
    }

    [Fact]
    public void A_destination_that_exists_is_replaced_only_when_told_to()
    {
        Directory.CreateDirectory(Destination);
        ShouldFail(_image.Check(), Destination, "it exists");
    }

    // A sparse file stands for an image that the disk has no room for a second time.
    [Fact]
    public void Without_room_for_the_whole_image_nothing_is_begun()
    {
        if (OperatingSystem.IsWindows())
            return;
        const string Huge = "huge.bin";
        long bytes = new DriveInfo(_parent.Path).AvailableFreeSpace + (1L << 30);
        using (FileStream file = File.Create(_image.PathOf(Huge)))
            file.SetLength(bytes);
        JsonObject manifest = _image.Manifest;
        manifest["files"]![Huge] = new JsonObject { ["bytes"] = bytes, ["xxh128"] = new string('0', 32) };
        _image.WriteManifest(manifest);
        ShouldFail(FlashImage.Open(_image.Folder), Destination, "bytes free on its disk", "free some space on it or write to another disk");
    }

    [Fact]
    public void Orders_of_another_shape_are_a_programmers_error()
    {
        FlashImage image = _image.Check();
        image.Invoking(i => ImageRewriter.Rewrite(i, Destination, [Permutation.Identity(12)], s_shuffled))
            .Should().Throw<ArgumentException>();
        image.Invoking(i => ImageRewriter.Rewrite(i, Destination, [Permutation.Identity(12), Permutation.Identity(11)], s_shuffled))
            .Should().Throw<ArgumentException>();
    }

    private static Permutation[] Shuffled(FlashImage image, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, image.LayerCount).Select(_ => Shuffle())];

        Permutation Shuffle()
        {
            int[] order = [.. Enumerable.Range(0, image.SlotCount)];
            random.Shuffle(order);
            Permutation.TryCreate(order, out Permutation? permutation, out int _).Should().BeTrue();
            return permutation!;
        }
    }

    private static byte[] Bundle(FlashImage image, int layer, int neuron)
    {
        LayerIndex index = new(layer);
        using FileStream stream = File.OpenRead(image.NeuronsPath);
        stream.Position = image.OffsetOf(index, image.PlacementOf(index).SlotOf(new NeuronId(neuron)));
        byte[] bundle = new byte[image.StrideBytes];
        stream.ReadExactly(bundle);
        return bundle;
    }

    private void ShouldFail(FlashImage image, params string[] parts)
    {
        string[] before = Directory.GetFileSystemEntries(_parent.Path);
        image.Invoking(i => ImageRewriter.Rewrite(i, Destination, Shuffled(i, seed: 3), s_shuffled)).Should().Throw<NeuralinkException>()
            .Which.Message.Should().ContainAll(parts).And.NotContain("\n");
        Directory.GetFileSystemEntries(_parent.Path).Should().Equal(before);
    }

    private sealed class Reporter(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
