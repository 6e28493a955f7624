using Neuralink.Placement;
using Neuralink.Storage.Image;

namespace Neuralink.Storage.Tests.Image;

/// <summary>Verification reads everything and finds every damage.</summary>
public sealed class ImageVerifierTests : IDisposable
{
    private readonly SmallImage _image = new();

    public void Dispose() => _image.Dispose();

    [Fact]
    public void The_first_damaged_bundle_is_named_by_layer_and_slot()
    {
        FlashImage image = FlashImage.Open(_image.Folder);
        byte[] bytes = [.. _image.Files[ImageFiles.Neurons]];
        foreach ((int layer, int slot) in (ReadOnlySpan<(int, int)>)[(1, 11), (1, 4), (0, 9), (0, 0)])
        {
            long offset = image.OffsetOf(new LayerIndex(layer), new Slot(slot));
            bytes[offset + 100] ^= 1;
            _image.Write(ImageFiles.Neurons, bytes);
            image.Invoking(i => ImageVerifier.Verify(i, null, CancellationToken.None)).Should().Throw<NeuralinkException>()
                .WithMessage($"*{_image.PathOf(ImageFiles.Neurons)}*layer {layer}, slot {slot} with a matching CRC-32C*offset {offset}*");
        }
    }

    [Fact]
    public void Progress_ends_at_the_total()
    {
        FlashImage image = FlashImage.Open(_image.Folder);
        Recorder progress = new();
        ImageVerifier.Verify(image, progress, CancellationToken.None);
        progress.Values.Should().BeInAscendingOrder();
        progress.Values[^1].Should().Be(ImageVerifier.TotalBytes(image));
    }

    [Fact]
    public void Verification_can_be_cancelled()
    {
        FlashImage image = FlashImage.Open(_image.Folder);
        using CancellationTokenSource cancel = new();
        Recorder progress = new(value => cancel.Cancel());
        image.Invoking(i => ImageVerifier.Verify(i, progress, cancel.Token)).Should().Throw<OperationCanceledException>();
        progress.Values.Should().HaveCount(1);
    }

    [Theory]
    [InlineData(ImageFiles.Neurons)]
    [InlineData(ImageFiles.Tokenizer)]
    public void A_file_that_vanishes_or_shrinks_under_an_opened_image_is_an_operating_error(string name)
    {
        FlashImage image = FlashImage.Open(_image.Folder);
        _image.Write(name, _image.Files[name][..100]);
        image.Invoking(i => ImageVerifier.Verify(i, null, CancellationToken.None)).Should().Throw<NeuralinkException>()
            .WithMessage($"*{name}*");
        File.Delete(_image.PathOf(name));
        image.Invoking(i => ImageVerifier.Verify(i, null, CancellationToken.None)).Should().Throw<NeuralinkException>()
            .WithMessage($"*{name}*");
        image.Invoking(i => ImageVerifier.VerifyFile(i, name)).Should().Throw<NeuralinkException>().WithMessage($"*{name}*");
    }

    private sealed class Recorder(Action<long>? then = null) : IProgress<long>
    {
        public List<long> Values { get; } = [];

        public void Report(long value)
        {
            Values.Add(value);
            then?.Invoke(value);
        }
    }
}
