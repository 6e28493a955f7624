using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Tests.Image;

/// <summary>
/// A file of an image, in place in memory and streamed: the same bytes whatever way they are read, and no damage unnoticed.
/// </summary>
public sealed class LoadedTensorsTests : IDisposable
{
    // Several times what is in flight, and no multiple of anything.
    private static readonly TensorDeclaration[] s_tensors =
    [
        new("first", SafetensorsDtype.U8, [5_000_000]), new("nothing", SafetensorsDtype.F16, [0, 7]),
        new("second", SafetensorsDtype.F32, [1_000_003]), new("third", SafetensorsDtype.U8, [1]),
    ];

    private readonly SmallImage _image = new();
    private byte[] _bytes;

    public LoadedTensorsTests()
    {
        File.Delete(FilePath);
        Random random = new(4);
        using (SafetensorsWriter writer = SafetensorsWriter.Create(FilePath, s_tensors, dataAlignmentBytes: ImageFiles.DataAlignmentBytes))
        {
            foreach (TensorDeclaration tensor in s_tensors)
            {
                byte[] bytes = new byte[tensor.LengthBytes];
                random.NextBytes(bytes);
                writer.Write(tensor.Name, bytes);
            }
            writer.Complete();
        }
        _bytes = File.ReadAllBytes(FilePath);
        List(FileDigest.Of(FilePath));
    }

    private string FilePath => _image.PathOf(ImageFiles.Resident);

    public void Dispose() => _image.Dispose();

    [Theory]
    [InlineData(FlashAccess.Direct)]
    [InlineData(FlashAccess.Buffered)]
    [InlineData(FlashAccess.Uring)]
    public void In_place_every_tensor_lies_as_in_the_file_and_was_seen_in_its_order(FlashAccess access)
    {
        using NativeArena arena = new(InPlaceTensors.RequiredBytes(s_tensors));
        List<byte> seen = [];
        InPlaceTensors tensors = Load(arena, access, (_, piece) => seen.AddRange(piece));
        foreach (TensorInfo tensor in tensors.Tensors.Values)
        {
            Span<byte> bytes = tensors.From(tensor, tensor.LengthBytes).Bytes(0, (int)tensor.LengthBytes);
            bytes.SequenceEqual(BytesOf(tensor)).Should().BeTrue(tensor.Name);
        }
        seen.Should().HaveCount((int)s_tensors.Sum(t => t.LengthBytes));
        CollectionsMarshal.AsSpan(seen).SequenceEqual(_bytes.AsSpan(_bytes.Length - seen.Count)).Should().BeTrue();
        TensorInfo last = tensors.Tensors["third"];
        FluentActions.Invoking(() => tensors.From(last, 2)).Should().Throw<ArgumentOutOfRangeException>("behind the data there is nothing");
    }

    [Theory]
    [InlineData(FlashAccess.Direct)]
    [InlineData(FlashAccess.Buffered)]
    public void Streamed_in_pieces_of_any_length_they_are_the_same(FlashAccess access)
    {
        using StreamedTensors tensors = Stream(access);
        Random random = new(7);
        foreach (TensorDeclaration declared in s_tensors)
        {
            TensorInfo tensor = tensors.Tensors[declared.Name];
            byte[] read = new byte[tensor.LengthBytes];
            for (int at = 0, count; at < read.Length; at += count)
            {
                count = Math.Min(random.Next(1, 3_000_000), read.Length - at);
                tensors.Read(tensor, at, read.AsSpan(at, count));
            }
            read.AsSpan().SequenceEqual(BytesOf(tensor)).Should().BeTrue(tensor.Name);
        }
        tensors.CheckDigest();
    }

    [Fact]
    public void What_is_skipped_while_streaming_is_digested_and_what_was_passed_is_not_read_again()
    {
        using StreamedTensors tensors = Stream(FlashAccess.Direct);
        TensorInfo second = tensors.Tensors["second"];
        byte[] read = new byte[100];
        tensors.Read(second, 2_000_000, read);
        read.Should().Equal(BytesOf(second).Slice(2_000_000, 100).ToArray());
        tensors.Invoking(t => t.Read(t.Tensors["first"], 0, read)).Should().Throw<InvalidOperationException>();
        tensors.Invoking(t => t.Read(second, second.LengthBytes - 99, read)).Should().Throw<InvalidOperationException>();
        tensors.CheckDigest();
    }

    [Theory]
    [InlineData(10)]
    [InlineData(4096)]
    [InlineData(3_000_000)]
    [InlineData(-1)]
    public void Damage_is_found_wherever_it_is(int at)
    {
        byte[] bytes = [.. _bytes];
        bytes[at < 0 ? ^1 : at] ^= 16;
        _image.Write(ImageFiles.Resident, bytes);
        using NativeArena arena = new(InPlaceTensors.RequiredBytes(s_tensors));
        ShouldFail(() => Load(arena, FlashAccess.Direct, (_, _) => { }));
        ShouldFail(() =>
        {
            using StreamedTensors tensors = Stream(FlashAccess.Direct);
            tensors.CheckDigest();
        });
    }

    [Fact]
    public void A_file_of_other_tensors_is_refused_by_the_first_that_differs()
    {
        using NativeArena arena = new(1 << 26);
        TensorDeclaration first = s_tensors[0], second = s_tensors[2];
        ShouldRefuse("expected tensor other of U8 [5000000], found tensor first", [first with { Name = "other" }, .. s_tensors[1..]]);
        ShouldRefuse("expected tensor second of I32 [1000003], found tensor", WithSecond(second with { Dtype = SafetensorsDtype.I32 }));
        ShouldRefuse("expected tensor second of F32 [1, 1000003], found tensor second", WithSecond(second with { Shape = [1, 1_000_003] }));
        ShouldRefuse("expected tensor more of U8 [5000000], found no such tensor", [.. s_tensors, first with { Name = "more" }]);
        ShouldRefuse("expected no more than 3 tensors, found tensor third of U8 [1]", s_tensors[..3]);

        TensorDeclaration[] WithSecond(TensorDeclaration other) => [.. s_tensors[..2], other, s_tensors[3]];

        void ShouldRefuse(string message, TensorDeclaration[] expected) =>
            FluentActions.Invoking(() => Load(arena, FlashAccess.Direct, (_, _) => { }, expected))
                .Should().Throw<NeuralinkException>().Which.Message.Should().Contain(message);
    }

    [Fact]
    public void Data_that_direct_reads_cannot_begin_at_are_refused()
    {
        byte[] bytes = _image.Files[ImageFiles.Placement];
        (bytes.Length % ImageFiles.DataAlignmentBytes).Should().NotBe(0);
        FlashImage image = FlashImage.Open(_image.Folder);
        FluentActions.Invoking(() => StreamedTensors.Open(image, ImageFiles.Placement, FlashAccess.Direct, TimeProvider.System, default))
            .Should().Throw<NeuralinkException>().WithMessage("*data at a multiple of 4096 bytes*");
    }

    [Fact]
    public void Loading_can_be_cancelled()
    {
        using NativeArena arena = new(InPlaceTensors.RequiredBytes(s_tensors));
        using CancellationTokenSource cancel = new();
        int pieces = 0;
        FluentActions.Invoking(() => Load(arena, FlashAccess.Direct, (_, _) => Stop(), cancellation: cancel.Token))
            .Should().Throw<OperationCanceledException>();
        pieces.Should().BeLessThan(3);

        void Stop()
        {
            pieces++;
            cancel.Cancel();
        }
    }

    [Fact]
    public void What_is_left_out_at_the_beginning_takes_no_memory_and_is_checked_all_the_same()
    {
        TensorDeclaration[] tensors =
        [
            new("first", SafetensorsDtype.U8, [(6 << 20) + 100]), new("second", SafetensorsDtype.U8, [300]),
            new("third", SafetensorsDtype.U8, [5 << 20]),
        ];
        long left = InPlaceTensors.Leavable(tensors);
        left.Should().Be(6 << 20);
        InPlaceTensors.Leavable([tensors[0], tensors[1]]).Should().Be(0, "the rest has no room for reads in flight");
        byte[] data = new byte[tensors.Sum(t => t.LengthBytes)];
        new Random(6).NextBytes(data);
        Write(tensors, data);
        using NativeArena arena = new(InPlaceTensors.RequiredBytes(tensors, left));
        arena.CapacityBytes.Should().BeLessThan((5 << 20) + (1 << 17));
        List<byte> seen = [];
        InPlaceTensors loaded = Load(arena, FlashAccess.Direct, (_, piece) => seen.AddRange(piece), tensors, leftBytes: left);
        seen.Should().Equal(data);
        int at = (6 << 20) + 100;
        foreach (TensorDeclaration tensor in tensors[1..])
        {
            int length = (int)tensor.LengthBytes;
            loaded.From(loaded.Tensors[tensor.Name], length).Bytes(0, length).SequenceEqual(data.AsSpan(at, length)).Should().BeTrue();
            at += length;
        }
        data[5] ^= 1;
        string digest = FileDigest.Of(FilePath);
        Write(tensors, data);
        List(digest);
        using NativeArena other = new(InPlaceTensors.RequiredBytes(tensors, left));
        ShouldFail(() => Load(other, FlashAccess.Direct, (_, _) => { }, tensors, leftBytes: left));
    }

    private void Write(TensorDeclaration[] tensors, byte[] data)
    {
        File.Delete(FilePath);
        using (SafetensorsWriter writer = SafetensorsWriter.Create(FilePath, tensors, dataAlignmentBytes: ImageFiles.DataAlignmentBytes))
        {
            int at = 0;
            foreach (TensorDeclaration tensor in tensors)
            {
                writer.Write(tensor.Name, data.AsSpan(at, (int)tensor.LengthBytes));
                at += (int)tensor.LengthBytes;
            }
            writer.Complete();
        }
        _bytes = File.ReadAllBytes(FilePath);
        List(FileDigest.Of(FilePath));
    }

    private InPlaceTensors Load(
        NativeArena arena, FlashAccess access, InPlaceTensors.PieceSink visit, TensorDeclaration[]? expected = null,
        long leftBytes = 0, CancellationToken cancellation = default) =>
        InPlaceTensors.Load(
            FlashImage.Open(_image.Folder), ImageFiles.Resident, expected ?? s_tensors, leftBytes, arena, "weights", access,
            TimeProvider.System, visit, cancellation);

    private StreamedTensors Stream(FlashAccess access) =>
        StreamedTensors.Open(FlashImage.Open(_image.Folder), ImageFiles.Resident, access, TimeProvider.System, CancellationToken.None);

    private void ShouldFail(Action action) =>
        action.Should().Throw<NeuralinkException>().Which.Message.Should().Contain(FilePath).And.NotContain("\n");

    private ReadOnlySpan<byte> BytesOf(TensorInfo tensor) => _bytes.AsSpan((int)tensor.FileOffset, (int)tensor.LengthBytes);

    private void List(string digest)
    {
        JsonObject manifest = _image.Manifest;
        manifest["files"]![ImageFiles.Resident] = new JsonObject { ["bytes"] = _bytes.Length, ["xxh128"] = digest };
        _image.WriteManifest(manifest);
    }
}
