using System.IO.Hashing;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Tests.Safetensors;

public sealed class SafetensorsWriterTests : IDisposable
{
    private static readonly TensorDeclaration[] s_tensors =
    [
        new("weights \"é\"", SafetensorsDtype.F32, [2, 3]),
        new("nothing", SafetensorsDtype.F16, [0, 4]),
        new("scalar", SafetensorsDtype.U8, []),
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(4096)]
    public void What_is_written_is_read_back(int alignmentBytes)
    {
        string path = _folder.File("out.safetensors");
        byte[] weights = Enumerable.Range(0, 24).Select(i => (byte)i).ToArray();
        string digest;
        using (SafetensorsWriter writer = SafetensorsWriter.Create(
            path, s_tensors, new Dictionary<string, string> { ["k"] = "v" }, alignmentBytes))
        {
            writer.Write(s_tensors[0].Name, weights.AsSpan(0, 10));
            writer.Write(s_tensors[0].Name, weights.AsSpan(10));
            writer.Write("scalar", [99]);
            digest = writer.Complete();
        }

        digest.Should().Be(Convert.ToHexStringLower(XxHash128.Hash(File.ReadAllBytes(path))));
        using SafetensorsFile file = SafetensorsFile.Open(path);
        file.Metadata.Should().Equal(new Dictionary<string, string> { ["k"] = "v" });
        file.InFileOrder.Select(tensor => (tensor.Name, tensor.Dtype, tensor.ShapeText)).Should().Equal(
            (s_tensors[0].Name, SafetensorsDtype.F32, "[2, 3]"), ("nothing", SafetensorsDtype.F16, "[0, 4]"),
            ("scalar", SafetensorsDtype.U8, "[]"));
        (file.InFileOrder[0].FileOffset % alignmentBytes).Should().Be(0);
        byte[] read = new byte[24];
        file.Read(file.Tensors[s_tensors[0].Name], 0, read);
        read.Should().Equal(weights);
    }

    [Fact]
    public void Bytes_out_of_order_or_in_a_wrong_number_are_refused()
    {
        using SafetensorsWriter writer = SafetensorsWriter.Create(_folder.File("out.safetensors"), s_tensors);

        writer.Invoking(it => it.Write("scalar", [1])).Should().Throw<InvalidOperationException>();
        writer.Write(s_tensors[0].Name, new byte[20]);
        writer.Invoking(it => it.Write(s_tensors[0].Name, new byte[5])).Should().Throw<InvalidOperationException>();
        writer.Invoking(it => it.Write("unknown", [])).Should().Throw<InvalidOperationException>();
        writer.Invoking(it => it.Complete()).Should().Throw<InvalidOperationException>().WithMessage("*20 of 24*");
        writer.Write(s_tensors[0].Name, new byte[4]);
        writer.Invoking(it => it.Complete()).Should().Throw<InvalidOperationException>().WithMessage("*scalar*0 of 1*");
    }

    [Fact]
    public void Declarations_that_no_file_can_hold_are_refused()
    {
        Create([s_tensors[0], s_tensors[0]]).Should().Throw<ArgumentException>();
        Create([new("__metadata__", SafetensorsDtype.U8, [1])]).Should().Throw<ArgumentException>();
        Create([new("a", SafetensorsDtype.F32, [long.MaxValue])]).Should().Throw<InvalidOperationException>();

        Action Create(TensorDeclaration[] tensors) =>
            () => new SafetensorsWriter(new MemoryStream(), "out", tensors, metadata: null, dataAlignmentBytes: 8).Dispose();
    }

    [Fact]
    public void A_file_that_exists_is_not_overwritten()
    {
        string path = _folder.Write("out.safetensors", [1]);
        FluentActions.Invoking(() => SafetensorsWriter.Create(path, s_tensors)).Should().Throw<NeuralinkException>()
            .WithMessage("cannot write*out.safetensors*");
        File.ReadAllBytes(path).Should().Equal(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(4096 + 24)]
    public void A_full_disk_is_an_operating_error(int roomBytes)
    {
        Action writing = () =>
        {
            using SafetensorsWriter writer = new(
                new FullDiskStream(roomBytes), "image/out.safetensors", s_tensors, metadata: null, dataAlignmentBytes: 4096);
            writer.Write(s_tensors[0].Name, new byte[24]);
            writer.Write("scalar", [1]);
            writer.Complete();
        };
        writing.Should().Throw<NeuralinkException>().WithMessage("cannot write image/out.safetensors: the disk is full; free*");
    }

    private sealed class FullDiskStream(int roomBytes) : MemoryStream
    {
        private const int DiskFull = 28;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (Length + buffer.Length > roomBytes)
                throw new IOException("No space left on device", DiskFull);
            base.Write(buffer);
        }
    }
}
