using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Export;
using Neuralink.Models.Packing;
using Neuralink.Models.Tests.Checkpoints.Gguf;
using Neuralink.Models.Weights;
using Neuralink.Storage.Gguf;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Packing;

/// <summary>The image has the formats that were asked for, or the checkpoint's; its weights are the checkpoint's, rounded once.</summary>
public sealed class FormatChoiceTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    private string Image => Path.Combine(_root, "model.nlk");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Floats_keep_their_format_and_a_single_one_is_of_everything_but_positions()
    {
        using RandomModel model = new(RandomModels.ByName("opt"));
        using Checkpoint source = Checkpoint.Open(model.Folder);
        ModelFormats kept = new FormatChoice().For(source), small = ((FormatChoice)WeightFormat.Q4_0).For(source);

        kept.ToManifest().ToString().Should().Be("f32");
        (small.Resident, small.Predictor).Should().Be((WeightFormat.Q4_0, WeightFormat.Q4_0));
        small.Bundles.Should().Be((BundleFormat)WeightFormat.Q4_0);
        small.Exceptions.Should().BeEquivalentTo(
            new Dictionary<string, WeightFormat> { ["model.embed_positions.weight"] = WeightFormat.F16 });
    }

    [Fact]
    public void Each_part_can_be_said_apart()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        using Checkpoint source = Checkpoint.Open(model.Folder);
        FormatChoice choice = new()
        {
            Weights = WeightFormat.BF16,
            Resident = WeightFormat.Q8_0,
            Bundles = WeightFormat.Q4_0,
            Down = WeightFormat.F16,
        };
        ModelFormats formats = choice.For(source);

        formats.Resident.Should().Be(WeightFormat.Q8_0);
        formats.Bundles.Should().Be(new BundleFormat(WeightFormat.Q4_0, WeightFormat.F16));
        formats.Predictor.Should().Be(WeightFormat.Q4_0, "the exact predictor has the bundles' own bits");
        formats.ToManifest().ToString().Should().Be("q8_0 in memory, q4_0 on flash with down columns of f16");
        ModelFormats.Read(formats.ToManifest()).Should().BeEquivalentTo(formats);
    }

    [Fact]
    public void Of_a_GGUF_file_each_resident_matrix_keeps_its_type_and_what_has_no_kernels_becomes_q8_0()
    {
        SmallGguf file = new();
        foreach ((string name, string type) in (ReadOnlySpan<(string, string)>)
            [
                ("blk.0.ffn_up", "Q4_0"), ("blk.0.ffn_gate", "Q4_0"), ("blk.0.ffn_down", "Q5_0"), ("blk.0.attn_k", "Q8_0"),
                ("blk.0.attn_v", "Q5_1"),
            ])
            file.Tensors[$"{name}.weight"] = (SmallGguf.TypeOf(type), file.Tensors[$"{name}.weight"].Shape);
        using Checkpoint checkpoint = Checkpoint.Open(file.Write(Path.Combine(_root, "m.gguf")));
        ModelFormats formats = new FormatChoice().For(checkpoint);

        formats.Bundles.Should().Be(new BundleFormat(WeightFormat.Q4_0, WeightFormat.Q8_0));
        formats.Resident.Should().Be(WeightFormat.F32);
        formats.Exceptions.Should().BeEquivalentTo(new Dictionary<string, WeightFormat>
        {
            ["model.layers.0.self_attn.k_proj.weight"] = WeightFormat.Q8_0,
            ["model.layers.0.self_attn.v_proj.weight"] = WeightFormat.Q8_0,
        });
    }

    [Theory]
    [InlineData("llama-relu", WeightFormat.Q8_0, WeightFormat.Q8_0)]
    [InlineData("llama-relu", WeightFormat.Q4_0, WeightFormat.Q8_0)]
    [InlineData("llama-biased-bf16", WeightFormat.Q8_0, WeightFormat.F32)]
    [InlineData("opt", WeightFormat.Q4_0, WeightFormat.Q4_0)]
    [InlineData("opt-unbiased-f16", WeightFormat.F16, WeightFormat.Q8_0)]
    public void Every_weight_of_the_image_is_the_checkpoints_rounded_once_along_its_own_side(
        string name, WeightFormat rows, WeightFormat down)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        PackedModel.Pack(model.Folder, Image, new PackOptions(new FormatChoice { Weights = rows, Down = down }));
        using Checkpoint source = Checkpoint.Open(model.Folder), image = Checkpoint.OfImage(Image);
        foreach (TensorSpec spec in TensorCatalog.All(source.Config).DistinctBy(spec => spec.Name))
        {
            bool isDown = spec is { IsVector: false } && spec.Name.Contains("down_proj", StringComparison.Ordinal);
            WeightFormat format = spec.IsVector ? WeightFormat.F32
                : isDown ? down
                : spec.Name.Contains("embed_positions", StringComparison.Ordinal) && rows == WeightFormat.Q4_0 ? WeightFormat.F16 : rows;
            float[] expected = Read(source, spec);
            Round(expected, format, isDown ? spec.Rows : spec.Columns, isDown);
            Read(image, spec).Should().Equal(expected, spec.Name);
        }
    }

    [Theory]
    [InlineData(WeightFormat.Q8_0)]
    [InlineData(WeightFormat.Q4_0)]
    public void An_exported_image_comes_back_with_the_bits_of_its_rows_and_resident_matrices(WeightFormat format)
    {
        using RandomModel model = new(RandomModels.LlamaRelu with { Hidden = 96 });
        PackedModel.Pack(model.Folder, Image, new PackOptions(format));
        string path = Path.Combine(_root, "m.gguf");
        using Checkpoint image = Checkpoint.OfImage(Image);
        GgufExporter.Write(image, path, "m");
        using Checkpoint file = Checkpoint.Open(path);

        foreach (TensorSpec spec in TensorCatalog.All(image.Config).Where(spec => !spec.IsVector))
        {
            bool isDown = spec.Name.Contains("down_proj", StringComparison.Ordinal);
            file.Get(spec.Name).Type.Format.Should().Be(isDown ? WeightFormat.F16 : format, spec.Name);
            float[] expected = Read(image, spec);
            Read(file, spec).Should().Equal(isDown ? [.. expected.Select(w => (float)(Half)w)] : expected, spec.Name);
        }
        new FormatChoice().For(file).Bundles.Rows.Should().Be(format);
    }

    [Fact]
    public void Rows_that_are_no_whole_blocks_are_exported_as_f16()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        using Checkpoint source = Checkpoint.Open(model.Folder);
        (source.Config.HiddenSize % 32).Should().NotBe(0);
        string path = Path.Combine(_root, "m.gguf");
        GgufExporter.Write(source, path, "m", WeightFormat.Q8_0);
        using GgufFile file = GgufFile.Open(path);

        file.Tensors.Single(pair => pair.Key.StartsWith("blk.0.ffn_up", StringComparison.Ordinal)).Value.Type.Should().Be(GgufType.F16);
    }

    // Of the down matrix, a column at a time.
    private static void Round(float[] values, WeightFormat format, int length, bool isTransposed)
    {
        if (length == 0)
            return;
        WeightKernels kernels = WeightKernels.For(format);
        byte[] bytes = new byte[kernels.RowBytes(length)];
        float[] row = new float[length];
        int count = values.Length / length;
        for (int r = 0; r < count; r++)
        {
            for (int c = 0; c < length; c++)
                row[c] = values[isTransposed ? (c * count) + r : (r * length) + c];
            kernels.Encode(row, bytes);
            kernels.Decode(bytes, row);
            for (int c = 0; c < length; c++)
                values[isTransposed ? (c * count) + r : (r * length) + c] = row[c];
        }
    }

    private static float[] Read(Checkpoint source, TensorSpec spec)
    {
        List<float> values = [];
        TensorReader.ReadRows(source, spec, WeightFormat.F32, (_, _, rows) =>
            values.AddRange(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(rows)));
        return [.. values];
    }
}
