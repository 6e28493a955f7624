using System.Buffers.Binary;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Tests.Safetensors;

public sealed class SafetensorsFileTests
{
    [Fact]
    public void A_file_gives_its_tensors_and_metadata()
    {
        using TemporaryFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("small.safetensors", SafetensorsBytes.Small));

        file.Metadata.Should().Equal(new Dictionary<string, string> { ["format"] = "pt" });
        file.InFileOrder.Select(tensor => tensor.Name).Should().Equal("a", "b");
        TensorInfo a = file.Tensors["a"];
        a.Dtype.Should().Be(SafetensorsDtype.F32);
        a.Shape.Should().Equal(2, 2);
        a.LengthBytes.Should().Be(16);
        a.ElementCount.Should().Be(4);
        a.FileOffset.Should().Be(8 + SafetensorsBytes.SmallHeader.Length);
        file.LengthBytes.Should().Be(file.Tensors["b"].FileOffset + 3);
    }

    [Fact]
    public void Reads_give_the_tensors_bytes()
    {
        using TemporaryFolder folder = new();
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("small.safetensors", SafetensorsBytes.Small));
        byte[] bytes = new byte[2];
        file.Read(file.Tensors["b"], 1, bytes);

        bytes.Should().Equal(18, 19);
        FluentActions.Invoking(() => file.Read(file.Tensors["b"], 2, bytes)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => file.Read(file.Tensors["b"] with { FileOffset = 0 }, 0, bytes)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_file_cut_while_open_is_an_operating_error()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("small.safetensors", SafetensorsBytes.Small);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            stream.SetLength(file.LengthBytes - 1);

        FluentActions.Invoking(() => file.Read(file.Tensors["b"], 0, new byte[3])).Should().Throw<NeuralinkException>()
            .WithMessage("*'b'*expected 3 bytes*found 2*");
    }

    [Fact]
    public void A_missing_file_is_an_operating_error() =>
        FluentActions.Invoking(() => SafetensorsFile.Open("no/such/file")).Should().Throw<NeuralinkException>()
            .WithMessage("cannot open no/such/file:*");

    [Theory]
    [InlineData(0, "*an empty file*")]
    [InlineData(7, "*8 bytes*a file of 7 bytes*")]
    [InlineData(100, "*header within the file's 100 bytes*")]
    public void A_file_cut_short_is_refused(int lengthBytes, string message) => Refused(SafetensorsBytes.Small[..lengthBytes], message);

    [Theory]
    [InlineData(4L << 30)]
    [InlineData(long.MaxValue)]
    [InlineData(-1L)]
    public void A_header_length_beyond_the_file_is_refused_before_memory_is_taken(long headerBytes)
    {
        byte[] bytes = SafetensorsBytes.Small;
        BinaryPrimitives.WriteInt64LittleEndian(bytes, headerBytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(bytes, $"*a header length of {(ulong)headerBytes}*");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(10_000_000);
    }

    [Fact]
    public void A_header_longer_than_the_reference_implementation_takes_is_refused()
    {
        using TemporaryFolder folder = new();
        byte[] prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, 100_000_001);
        string path = folder.Write("long.safetensors", prefix);
        using (FileStream stream = new(path, FileMode.Open))
            stream.SetLength(100_000_100);

        FluentActions.Invoking(() => SafetensorsFile.Open(path)).Should().Throw<NeuralinkException>()
            .WithMessage("*at most 100000000 bytes*");
    }

    private static void Refused(byte[] bytes, string message)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("bad.safetensors", bytes);
        FluentActions.Invoking(() => SafetensorsFile.Open(path)).Should().Throw<NeuralinkException>()
            .WithMessage($"*bad.safetensors{message}");
    }
}
