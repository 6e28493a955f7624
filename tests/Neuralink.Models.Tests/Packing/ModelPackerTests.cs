using System.Buffers.Binary;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Packing;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Packing;

/// <summary>An image holds the checkpoint's weights, byte for byte unless told to convert, and appears whole or not at all.</summary>
public sealed class ModelPackerTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    private string Destination => Path.Combine(_root, "model.nlk");

    public static TheoryData<string> Names => new(RandomModels.All.Select(spec => spec.Name));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_bundle_is_its_rows_and_column_of_the_checkpoint(string name)
    {
        RandomModelSpec spec = RandomModels.ByName(name);
        using RandomModel model = new(spec);
        PackedModel.Pack(model.Folder, Destination, new PackOptions());
        CheckBundles(spec, WeightFormats.From(spec.MatrixDtype));
        ImageVerifier.Verify(FlashImage.Open(Destination), null, CancellationToken.None);
    }

    [Theory]
    [InlineData("llama-relu", WeightFormat.F16)]
    [InlineData("llama-relu", WeightFormat.BF16)]
    [InlineData("llama-biased-bf16", WeightFormat.F16)]
    [InlineData("opt-unbiased-f16", WeightFormat.F32)]
    public void A_conversion_rounds_every_matrix_to_the_nearest_and_keeps_vectors_as_f32(string name, WeightFormat format)
    {
        RandomModelSpec spec = RandomModels.ByName(name);
        using RandomModel model = new(spec);
        PackedModel.Pack(model.Folder, Destination, new PackOptions(format));
        CheckBundles(spec, format);
        ModelConfig config = HuggingFaceConfig.Read(model.Folder);
        foreach (string file in (string[])[ImageFiles.Resident, ImageFiles.Predictor])
        {
            using SafetensorsFile tensors = SafetensorsFile.Open(Path.Combine(Destination, file));
            foreach (TensorInfo tensor in tensors.InFileOrder)
            {
                byte[] found = new byte[tensor.LengthBytes];
                tensors.Read(tensor, 0, found);
                if (tensor.Name.StartsWith("padding.", StringComparison.Ordinal))
                {
                    found.Should().OnlyContain(b => b == 0).And.HaveCountLessThan(64);
                    continue;
                }
                RandomTensor source = Stored(spec, PublishedModelType.Find(spec.ModelType)!.Names.Find(config, tensor.Name).Name);
                SafetensorsDtype dtype = tensor.Shape.Length == 1 ? SafetensorsDtype.F32 : WeightFormats.ToDtype(format);
                tensor.Dtype.Should().Be(dtype);
                found.AsSpan().SequenceEqual((source with { Dtype = dtype }).Bytes()).Should().BeTrue(tensor.Name);
            }
        }
    }

    [Fact]
    public void A_sharded_checkpoint_gives_the_image_of_a_single_file()
    {
        using RandomModel sharded = new(RandomModels.LlamaRelu), single = new(RandomModels.LlamaRelu with { Shards = 1 });
        using PackedModel a = new(sharded.Folder), b = new(single.Folder);
        foreach (string path in Directory.EnumerateFiles(a.Folder))
        {
            File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(b.Folder, Path.GetFileName(path))))
                .Should().BeTrue(path);
        }
    }

    [Fact]
    public void Bundles_begin_at_a_4096_boundary_of_a_plain_safetensors_file()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        PackedModel.Pack(model.Folder, Destination, new PackOptions());
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Destination, ImageFiles.Neurons));
        (file.InFileOrder[0].FileOffset % 4096).Should().Be(0);
        file.InFileOrder.Should().OnlyContain(t => t.Dtype == SafetensorsDtype.U8 && t.Shape[0] == 120 && t.Shape[1] % 512 == 0);
    }

    [Fact]
    public void Progress_ends_at_the_total_and_names_each_file()
    {
        using RandomModel model = new(RandomModels.OptPreNorm);
        Recorder progress = new();
        PackedModel.Pack(model.Folder, Destination, new PackOptions(), progress);
        progress.Values.Select(p => p.DoneBytes).Should().BeInAscendingOrder();
        progress.Values[^1].DoneBytes.Should().Be(progress.Values[^1].TotalBytes);
        progress.Values.Select(p => p.Stage).Distinct().Should().Equal(ImageFiles.Resident, ImageFiles.Predictor, ImageFiles.Neurons);
    }

    [Fact]
    public void Cancelled_at_any_moment_nothing_is_left_and_what_was_there_stays()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        Recorder all = new();
        PackedModel.Pack(model.Folder, Destination, new PackOptions(), all);
        byte[] before = File.ReadAllBytes(Path.Combine(Destination, ImageManifest.FileName));
        for (int after = 0; after + 1 < all.Values.Count; after += 3)
        {
            using CancellationTokenSource cancel = new();
            int reports = 0;
            Recorder progress = new(() =>
            {
                if (reports++ == after)
                    cancel.Cancel();
            });
            FluentActions.Invoking(
                () => PackedModel.Pack(model.Folder, Destination, new PackOptions(Replace: true), progress, cancel.Token))
                .Should().Throw<OperationCanceledException>();
            Directory.GetFileSystemEntries(_root).Should().Equal([Destination], "cancelled after {0} reports", after);
            File.ReadAllBytes(Path.Combine(Destination, ImageManifest.FileName)).Should().Equal(before);
        }
    }

    [Fact]
    public void A_source_that_turns_out_to_be_damaged_leaves_nothing()
    {
        RandomTensor[] tensors = [.. RandomModel.TensorsOf(RandomModels.LlamaRelu)];
        tensors.Single(t => t.Name == "model.layers.2.mlp.down_proj.weight").Values[77] = float.NaN;
        using RandomModel model = new(RandomModels.LlamaRelu);
        model.WriteWeights(tensors);
        FluentActions.Invoking(() => PackedModel.Pack(model.Folder, Destination, new PackOptions())).Should().Throw<NeuralinkException>();
        Directory.GetFileSystemEntries(_root).Should().BeEmpty();
    }

    [Fact]
    public void An_existing_image_is_replaced_only_when_told_to()
    {
        using RandomModel llama = new(RandomModels.LlamaRelu), opt = new(RandomModels.OptPreNorm);
        PackedModel.Pack(llama.Folder, Destination, new PackOptions());
        FluentActions.Invoking(() => PackedModel.Pack(opt.Folder, Destination, new PackOptions())).Should().Throw<NeuralinkException>()
            .WithMessage($"*{Destination}*exists*");
        FlashImage.Open(Destination).Manifest.Bundle.Gated.Should().BeTrue();
        PackedModel.Pack(opt.Folder, Destination, new PackOptions(Replace: true));
        FlashImage.Open(Destination).Manifest.Bundle.Gated.Should().BeFalse();
        Directory.GetFileSystemEntries(_root).Should().Equal(Destination);
    }

    [Fact]
    public void Memory_does_not_grow_with_the_number_of_layers()
    {
        // Larger than what is constant: buffers of files, JSON, one piece of a tensor.
        RandomModelSpec spec = RandomModels.LlamaRelu with { Hidden = 192, Ffn = 1024, Heads = 6, Shards = 1 };
        long layerBytes = 3L * spec.Hidden * spec.Ffn * sizeof(float);
        long few = AllocatedBytes(spec with { Layers = 2 }), many = AllocatedBytes(spec with { Layers = 8 });
        (many - few).Should().BeLessThan(layerBytes / 2, "six more layers of {0} bytes use the buffers of the first", layerBytes);
        few.Should().BeGreaterThan(layerBytes, "or nothing was measured");
    }

    private long AllocatedBytes(RandomModelSpec spec)
    {
        using RandomModel model = new(spec);
        // The first warms pools and statics up, and a collection in another test may empty the pools at any moment: so the least counts.
        long least = long.MaxValue;
        for (int i = 0; i < 6; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            PackedModel.Pack(model.Folder, Destination, new PackOptions(Replace: true));
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }

    private void CheckBundles(RandomModelSpec spec, WeightFormat format)
    {
        FlashImage image = FlashImage.Open(Destination);
        byte[] neurons = File.ReadAllBytes(image.NeuronsPath);
        SafetensorsDtype dtype = WeightFormats.ToDtype(format);
        int width = format == WeightFormat.F32 ? 4 : 2, rowBytes = spec.Hidden * width;
        string prefix = spec.IsOpt ? "model.decoder.layers." : "model.layers.";
        string[] rows = spec.IsOpt ? ["fc1"] : ["mlp.gate_proj", "mlp.up_proj"];
        string down = spec.IsOpt ? "fc2" : "mlp.down_proj";
        for (int layer = 0; layer < spec.Layers; layer++)
        {
            byte[][] rowMatrices = [.. rows.Select(r => Bytes($"{prefix}{layer}.{r}.weight"))];
            byte[] downMatrix = Bytes($"{prefix}{layer}.{down}.weight");
            float[][] biases = spec.FfnBias ? [.. rows.Select(r => Stored(spec, $"{prefix}{layer}.{r}.bias").Values)] : [];
            for (int neuron = 0; neuron < spec.Ffn; neuron++)
            {
                Slot slot = image.PlacementOf(new LayerIndex(layer)).SlotOf(new NeuronId(neuron));
                ReadOnlySpan<byte> bundle = neurons.AsSpan((int)image.OffsetOf(new LayerIndex(layer), slot), image.StrideBytes);
                List<byte> expected = [];
                foreach (byte[] matrix in rowMatrices)
                    expected.AddRange(matrix.AsSpan(neuron * rowBytes, rowBytes));
                for (int i = 0; i < spec.Hidden; i++)
                    expected.AddRange(downMatrix.AsSpan(((i * spec.Ffn) + neuron) * width, width));
                foreach (float[] bias in biases)
                    expected.AddRange(BitConverter.GetBytes(bias[neuron]));
                image.Manifest.Bundle.PayloadBytes.Should().Be(expected.Count);
                expected.AddRange(new byte[image.StrideBytes - 4 - expected.Count]);
                bundle[..^4].SequenceEqual(expected.ToArray()).Should().BeTrue("layer {0}, neuron {1}", layer, neuron);
                BinaryPrimitives.ReadUInt32LittleEndian(bundle[^4..]).Should().Be(NaiveCrc(bundle[..^4]));
            }
        }

        byte[] Bytes(string name) => (Stored(spec, name) with { Dtype = dtype }).Bytes();
    }

    /// <summary>A tensor with the values that its file has: rounded to the file's type.</summary>
    private static RandomTensor Stored(RandomModelSpec spec, string name)
    {
        RandomTensor tensor = RandomModel.TensorsOf(spec).Single(t => t.Name == name);
        return tensor with
        {
            Values = tensor.Dtype switch
            {
                SafetensorsDtype.F16 => Array.ConvertAll(tensor.Values, v => (float)(Half)v),
                SafetensorsDtype.BF16 =>
                    [.. tensor.Bytes().Chunk(2).Select(b => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(b) << 16))],
                _ => tensor.Values,
            },
        };
    }

    /// <summary>CRC-32C bit by bit.</summary>
    private static uint NaiveCrc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
        }
        return ~crc;
    }

    private sealed class Recorder(Action? then = null) : IProgress<PackProgress>
    {
        public List<PackProgress> Values { get; } = [];

        public void Report(PackProgress value)
        {
            Values.Add(value);
            then?.Invoke();
        }
    }
}
