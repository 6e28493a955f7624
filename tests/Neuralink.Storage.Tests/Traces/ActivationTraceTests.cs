using System.Security.Cryptography;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Safetensors;
using Neuralink.Storage.Traces;

namespace Neuralink.Storage.Tests.Traces;

/// <summary>A trace reads as it was written; anything else is refused in a line that says what was expected and found.</summary>
public sealed class ActivationTraceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string TracePath => _folder.File("a.trace");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_trace_reads_as_it_was_written()
    {
        SmallTrace.Create(TracePath);
        using ActivationTrace trace = ActivationTrace.Open(TracePath);
        trace.Info.Should().Be(SmallTrace.Info);
        Parallel.For(0, 16, i =>
        {
            ActivationMatrix layer = trace.Layer(new LayerIndex(i % 2));
            (layer.TokenCount, layer.NeuronCount).Should().Be((9, 70));
            for (int token = 0; token < 9; token++)
                layer.Token(token).ToArray().Should().Equal(SmallTrace.Rows(i % 2)[(token * 2)..((token * 2) + 2)]);
        });
        trace.Digest.Should().Be(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(TracePath))));
        File.Exists($"{TracePath}.partial").Should().BeFalse();
    }

    [Fact]
    public void Its_file_is_safetensors_of_one_byte_tensor_a_layer()
    {
        SmallTrace.Create(TracePath);
        using SafetensorsFile file = SafetensorsFile.Open(TracePath);
        file.InFileOrder.Select(t => (t.Name, t.Dtype, t.ShapeText)).Should().Equal(
            ("layers.0.fired", SafetensorsDtype.U8, "[9, 16]"), ("layers.1.fired", SafetensorsDtype.U8, "[9, 16]"));
        file.InFileOrder[0].FileOffset.Should().Be(4096);
        file.Metadata.Should().Contain("format", "neuralink-trace").And.Contain("format_version", "1").And.Contain("neuron_count", "70");
        byte[] row = new byte[16];
        file.Read(file.Tensors["layers.1.fired"], 16, row);
        ActivationMatrix layer = new(70, SmallTrace.Rows(1));
        for (int neuron = 0; neuron < 70; neuron++)
            ((row[neuron / 8] >> (neuron % 8) & 1) != 0).Should().Be(layer.IsActive(1, new NeuronId(neuron)));
    }

    [Fact]
    public void Layer_inputs_read_as_they_were_written_from_any_token_on()
    {
        SmallTrace.Create(TracePath, SmallTrace.InfoWithInputs);
        using ActivationTrace trace = ActivationTrace.Open(TracePath);
        trace.Info.Should().Be(SmallTrace.InfoWithInputs);
        trace.RequireInputs().Should().Be(5);
        for (int layer = 0; layer < 2; layer++)
        {
            trace.Layer(new LayerIndex(layer)).Token(8).ToArray().Should().Equal(SmallTrace.Rows(layer)[^2..]);
            for (int begin = 0; begin <= 9; begin++)
            {
                Half[] rows = new Half[(9 - begin) * 5];
                trace.ReadInputs(new LayerIndex(layer), begin, rows);
                rows.Should().Equal(SmallTrace.Inputs(layer)[(begin * 5)..]);
            }
        }
        trace.Invoking(t => t.ReadInputs(new LayerIndex(0), 8, new Half[10])).Should().Throw<ArgumentOutOfRangeException>();
        trace.Invoking(t => t.ReadInputs(new LayerIndex(2), 0, new Half[5])).Should().Throw<ArgumentException>();
        trace.Invoking(t => t.ReadInputs(new LayerIndex(0), 0, new Half[4])).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_file_with_inputs_is_safetensors_of_version_2_with_an_f16_tensor_a_layer()
    {
        SmallTrace.Create(TracePath, SmallTrace.InfoWithInputs);
        using SafetensorsFile file = SafetensorsFile.Open(TracePath);
        file.InFileOrder.Select(t => (t.Name, t.Dtype, t.ShapeText)).Should().Equal(
            ("layers.0.fired", SafetensorsDtype.U8, "[9, 16]"), ("layers.1.fired", SafetensorsDtype.U8, "[9, 16]"),
            ("layers.0.input", SafetensorsDtype.F16, "[9, 5]"), ("layers.1.input", SafetensorsDtype.F16, "[9, 5]"));
        file.Metadata.Should().Contain("format_version", "2").And.Contain("input_size", "5");
        file.LengthBytes.Should().Be(4096 + SmallTrace.InfoWithInputs.DataBytes);
    }

    [Fact]
    public void A_trace_without_inputs_says_how_to_get_them()
    {
        SmallTrace.Create(TracePath);
        using ActivationTrace trace = ActivationTrace.Open(TracePath);
        string difference = "expected an activation trace with layer inputs, found one without; make one with 'neuralink trace --inputs'";
        trace.Invoking(t => t.RequireInputs()).Should().Throw<NeuralinkException>().WithMessage($"cannot use {TracePath}: {difference}");
        trace.Invoking(t => t.ReadInputs(new LayerIndex(0), 0, new Half[5])).Should().Throw<NeuralinkException>().WithMessage("*--inputs*");
    }

    [Theory]
    [InlineData("input_size", "6", "tensor layers.0.input of F16 [9, 6]", "F16 [9, 5]")]
    [InlineData("input_size", "0", "input_size in 1..1048576", "input size 0")]
    [InlineData("input_size", "x", "metadata input_size as a whole number", "'x'")]
    [InlineData("format_version", "1", "2 tensors", "4")]
    public void Metadata_of_inputs_that_contradict(string key, string value, string expected, string found)
    {
        SmallTrace.Create(TracePath, SmallTrace.InfoWithInputs);
        Rewrite(key, value);
        FluentActions.Invoking(() => ActivationTrace.Open(TracePath)).Should().Throw<NeuralinkException>().Which.Message
            .Should().Contain(TracePath).And.Contain(expected).And.Contain(found);
    }

    [Fact]
    public void A_trace_of_another_model_is_refused_with_the_first_difference()
    {
        SmallTrace.Create(TracePath);
        using ActivationTrace trace = ActivationTrace.Open(TracePath);
        string digest = SmallTrace.Info.ModelDigest;
        trace.Invoking(t => t.ExpectModel("m", digest, 2, 70)).Should().NotThrow();
        Refused(3, 70, digest, "expected 3 layers, found 2");
        Refused(2, 71, digest, "expected 71 neurons a layer, found 70");
        Refused(2, 70, new string('c', 64), "expected model digest cccccccccccccccc…, found aaaaaaaaaaaaaaaa… in a trace of small");
        Refused(2, 70, "synthetic:opt-6.7b:32:2", "expected model digest synthetic:opt-6.7b:32:2, found");

        void Refused(int layers, int neurons, string digest, string message)
        {
            Action expect = () => trace.ExpectModel("m", digest, layers, neurons);
            expect.Should().Throw<NeuralinkException>().WithMessage($"cannot use {TracePath} for m: {message}*");
        }
    }

    [Theory]
    [InlineData("format", "pt", "an activation trace", "'pt'")]
    [InlineData("format", null, "an activation trace", "'none'")]
    [InlineData("format_version", "3", "format version 1 or 2", "'3'")]
    [InlineData("format_version", "2", "metadata input_size", "none")]
    [InlineData("token_count", "0", "at least one token", "none")]
    [InlineData("token_count", "8", "tensor layers.0.fired of U8 [8, 16]", "U8 [9, 16]")]
    [InlineData("token_count", "-9", "metadata token_count as a whole number", "'-9'")]
    [InlineData("layer_count", "3", "tensor layers.2.fired", "no such tensor")]
    [InlineData("layer_count", "1", "1 tensors", "2")]
    [InlineData("layer_count", "99999", "layer_count in 1..4096", "99999 layers")]
    [InlineData("neuron_count", "129", "tensor layers.0.fired of U8 [9, 24]", "U8 [9, 16]")]
    [InlineData("neuron_count", "69", null, "bits set at layer")]
    [InlineData("stride_bytes", "513", "stride_bytes a multiple of 512", "stride 513")]
    [InlineData("model_digest", null, "metadata model_digest", "none")]
    [InlineData("texts", null, "metadata texts", "none")]
    public void Metadata_that_contradict(string key, string? value, string? expected, string found)
    {
        SmallTrace.Create(TracePath);
        Rewrite(key, value);
        Action read = () =>
        {
            using ActivationTrace trace = ActivationTrace.Open(TracePath);
            _ = trace.Layer(new LayerIndex(0));
            _ = trace.Layer(new LayerIndex(1));
        };
        NeuralinkException error = read.Should().Throw<NeuralinkException>().Which;
        error.Message.Should().Contain(TracePath).And.Contain(found).And.Contain(expected ?? "zeros beyond neuron 68");
        error.Advice.Should().NotBeNull();
    }

    [Fact]
    public void No_file_or_a_file_of_something_else()
    {
        Refused("a.trace");
        _folder.Write("a.trace", []);
        Refused("an empty file");
        _folder.Write("a.trace", [.. "hello, world, this is no trace"u8]);
        Refused("the text \"hello, world, this is no trace\"");

        void Refused(string what)
        {
            Action open = () => ActivationTrace.Open(TracePath);
            open.Should().Throw<NeuralinkException>().WithMessage($"*{what}*");
        }
    }

    private void Rewrite(string key, string? value)
    {
        Dictionary<string, string> metadata;
        List<(TensorDeclaration Declaration, byte[] Bytes)> tensors = [];
        using (SafetensorsFile file = SafetensorsFile.Open(TracePath))
        {
            metadata = new(file.Metadata, StringComparer.Ordinal);
            foreach (TensorInfo tensor in file.InFileOrder)
            {
                byte[] bytes = new byte[tensor.LengthBytes];
                file.Read(tensor, 0, bytes);
                tensors.Add((new TensorDeclaration(tensor.Name, tensor.Dtype, tensor.Shape), bytes));
            }
        }
        metadata.Remove(key);
        if (value is not null)
            metadata.Add(key, value);
        File.Delete(TracePath);
        using SafetensorsWriter writer = SafetensorsWriter.Create(TracePath, [.. tensors.Select(t => t.Declaration)], metadata);
        foreach ((TensorDeclaration declaration, byte[] bytes) in tensors)
            writer.Write(declaration.Name, bytes);
        writer.Complete();
    }
}
