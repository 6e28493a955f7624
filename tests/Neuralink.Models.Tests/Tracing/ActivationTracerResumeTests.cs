using Neuralink.Models.Tracing;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Tracing;

/// <summary>A trace that was stopped goes on to the same bytes; what cannot be traced is refused in one line.</summary>
public sealed class ActivationTracerResumeTests : IDisposable
{
    private readonly RandomModel _model = new(RandomModels.LlamaRelu);
    private readonly PackedModel _packed;
    private readonly TracedModel _traced;

    public ActivationTracerResumeTests()
    {
        _packed = new PackedModel(_model.Folder);
        _traced = new TracedModel(_packed.Folder);
    }

    private static TokenWindows Windows { get; } = TokenWindows.Cut([[.. Enumerable.Range(0, 100).Select(i => (i * 91) % 257)]], 9);

    public void Dispose()
    {
        _traced.Dispose();
        _packed.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stopped_anywhere_and_gone_on_with_it_is_the_uninterrupted_trace(bool inputs)
    {
        _traced.Trace("whole", Windows, inputs: inputs);
        byte[] whole = _traced.Bytes("whole");
        for (int steps = 1; steps < 36; steps += 5)
        {
            string name = $"stopped-{steps}";
            int stops = 0;
            while (!File.Exists(_traced.PathOf(name)))
            {
                using CancellationTokenSource stop = new();
                StopAfter progress = new(stop, stops++ == 0 ? steps : 13);
                try
                {
                    _traced.Trace(name, Windows, threads: 2, TwoWindows, progress, inputs, stop.Token);
                }
                catch (OperationCanceledException)
                {
                    stops.Should().BeLessThan(50);
                }
            }
            _traced.Bytes(name).Should().Equal(whole, "stopped after {0} steps", steps);
            stops.Should().BeGreaterThan(1);
        }
    }

    [Fact]
    public void Progress_rises_to_the_whole()
    {
        Recorded progress = new();
        _traced.Trace("a", Windows, 1, TwoWindows, progress);
        progress.Values.Should().BeInAscendingOrder().And.HaveCount(Windows.Count * 3);
        progress.Values[^1].Should().Be(1);
    }

    [Fact]
    public void The_order_on_flash_changes_no_byte()
    {
        _traced.Trace("identity", Windows);
        Shuffle();
        _traced.Trace("shuffled", Windows);
        _traced.Bytes("shuffled").Should().Equal(_traced.Bytes("identity"));
    }

    [Fact]
    public void A_damaged_bundle_is_named_and_a_damaged_file_too()
    {
        FlashImage image = FlashImage.Open(_packed.Folder);
        Flip(image.NeuronsPath, image.OffsetOf(new(1), new(77)) + 5);
        Refused("cannot trace *neurons.safetensors: expected layer 1, slot 77 with a matching CRC-32C*");
        Flip(image.PathOf(ImageFiles.Resident), 5000);
        Refused("cannot verify *resident.safetensors: expected XXH128*");
        File.Exists(_traced.PathOf("a")).Should().BeFalse();
    }

    [Fact]
    public void What_cannot_be_traced_is_refused()
    {
        Refused("*at least one token, found none*", TokenWindows.Cut([[], []], 9));
        Refused("*expected token ids of 0 to 258, found 259*", TokenWindows.Cut([[1, 259]], 9));
        Refused("*expected a window of at most 96 tokens, the model's context, found 97*--window", TokenWindows.Cut([[1]], 97));
        FluentActions.Invoking(() => _traced.Trace("a", Windows, 1, _ => 100_000)).Should().Throw<NeuralinkException>()
            .WithMessage(
                "cannot fit the trace into its memory: expected at least * (resident weights *), found 97.66 KiB; give --memory 1MiB or "
                + "more*");
    }

    private static long TwoWindows(ActivationTracePlan plan) => plan.TotalBytes - plan.StreamBytes + (2 * 9 * 72 * sizeof(float));

    private static void Flip(string path, long offset)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        int value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)~value);
    }

    private void Refused(string message, TokenWindows? windows = null) =>
        FluentActions.Invoking(() => _traced.Trace("a", windows ?? Windows)).Should().Throw<NeuralinkException>().WithMessage(message);

    /// <summary>Rewrites the image with its neurons in another order, by hand.</summary>
    private void Shuffle()
    {
        FlashImage image = FlashImage.Open(_packed.Folder);
        byte[] neurons = File.ReadAllBytes(image.NeuronsPath), before = [.. neurons];
        byte[] placement = File.ReadAllBytes(image.PathOf(ImageFiles.Placement));
        using (SafetensorsFile file = SafetensorsFile.Open(image.PathOf(ImageFiles.Placement)))
        {
            Random random = new(5);
            for (int layer = 0; layer < image.LayerCount; layer++)
            {
                int[] order = [.. Enumerable.Range(0, image.SlotCount)];
                random.Shuffle(order);
                for (int slot = 0; slot < order.Length; slot++)
                {
                    before.AsSpan((int)image.OffsetOf(new(layer), new(order[slot])), image.StrideBytes)
                        .CopyTo(neurons.AsSpan((int)image.OffsetOf(new(layer), new(slot))));
                    BitConverter.GetBytes(order[slot])
                        .CopyTo(placement, (int)file.Tensors[ImageFiles.PlacementTensor(layer)].FileOffset + (slot * sizeof(int)));
                }
            }
        }
        File.WriteAllBytes(image.NeuronsPath, neurons);
        File.WriteAllBytes(image.PathOf(ImageFiles.Placement), placement);
        string manifestPath = image.PathOf(ImageManifest.FileName), digest = FileDigest.Of(image.PathOf(ImageFiles.Placement));
        string old = image.Manifest.Files[ImageFiles.Placement].Xxh128;
        File.WriteAllText(manifestPath, File.ReadAllText(manifestPath).Replace(old, digest, StringComparison.Ordinal));
    }

    private sealed class StopAfter(CancellationTokenSource stop, int steps) : IProgress<double>
    {
        private int _steps;

        public void Report(double value)
        {
            if (++_steps == steps)
                stop.Cancel();
        }
    }

    private sealed class Recorded : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public void Report(double value) => Values.Add(value);
    }
}
