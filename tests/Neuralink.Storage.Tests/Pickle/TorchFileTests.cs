using System.Buffers.Binary;
using Neuralink.Storage.Pickle;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Tests.Pickle;

/// <summary>Pickled checkpoints are read by what they say of their tensors, and nothing that they name is ever called.</summary>
public sealed class TorchFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Both_forms_give_the_same_tensors()
    {
        foreach (byte[] bytes in (byte[][])[TorchBytes.SmallZip, TorchBytes.SmallLegacy])
        {
            using TorchFile file = Open(bytes);
            file.Tensors.Keys.Should().BeEquivalentTo("a", "t");
            file.Tensors["a"].Shape.Should().Equal(2, 4);
            file.Tensors["a"].Dtype.Should().Be(SafetensorsDtype.I16);
            Read(file, "a").Should().Equal(0, 1, 2, 3, 4, 5, 6, 7);
            Read(file, "t").Should().Equal(0, 4, 1, 5, 2, 6, 3, 7);
        }
    }

    [Fact]
    public void Sizes_of_large_archives_are_read()
    {
        byte[] pickle = new PickleProgram().StateDict(TorchBytes.SmallParts).Stop();
        using TorchFile file = Open(TorchBytes.Archive(isLarge: true, ("x/data.pkl", pickle), ("x/data/0", TorchBytes.Shorts(8))));
        Read(file, "t").Should().Equal(0, 4, 1, 5, 2, 6, 3, 7);
    }

    [Fact]
    public void A_storage_behind_4_GiB_is_read()
    {
        if (!OperatingSystem.IsLinux())
            return;                                                      // elsewhere a hole takes its room
        const long hole = 5L << 30;
        TorchPart part = new("v", "Short", "1", (hole / 2) + 4, [4]) { Offset = hole / 2 };
        byte[] small = TorchBytes.Archive(
            isLarge: true, ("m/data.pkl", new PickleProgram().StateDict([part]).Stop()), ("m/data/1", TorchBytes.Shorts(4)));
        using TorchFile file = TorchFile.Open(TorchBytes.WithHole(_folder.File("large.bin"), small, hole));
        file.Tensors["v"].FileOffset.Should().BeGreaterThan(hole);
        Read(file, "v").Should().Equal(0, 1, 2, 3);
    }

    [Theory]
    [InlineData(new long[] { 3, 4 }, new long[] { 4, 1 }, 0)]
    [InlineData(new long[] { 3, 4 }, new long[] { 1, 3 }, 0)]
    [InlineData(new long[] { 3, 4 }, new long[] { 8, 2 }, 1)]
    [InlineData(new long[] { 4, 3 }, new long[] { 1, 0 }, 2)]
    [InlineData(new long[] { 5 }, new long[] { 0 }, 7)]
    [InlineData(new long[] { 5 }, new long[] { 4 }, 1)]
    [InlineData(new long[] { 2, 3, 4 }, new long[] { 1, 2, 6 }, 0)]
    [InlineData(new long[] { 2, 3, 4 }, new long[] { 12, 1, 3 }, 0)]
    [InlineData(new long[] { 2, 1, 3, 2 }, new long[] { 3, 99, 1, 6 }, 4)]
    [InlineData(new long[] { }, new long[] { }, 9)]
    public void Any_strides_are_followed(long[] shape, long[] strides, int offset)
    {
        TorchPart part = new("v", "Short", "0", 30, shape) { Offset = offset, Strides = strides };
        using TorchFile file = Open(TorchBytes.Zip(new PickleProgram().StateDict([part]).Stop(), ("0", TorchBytes.Shorts(30))));
        short[] expected = [.. Indices(shape, strides).Select(index => (short)(offset + index))];
        Read(file, "v").Should().Equal(expected);
        for (int begin = 0; begin < expected.Length; begin++)
        {
            for (int end = begin; end <= expected.Length; end++)
                Read(file, "v", begin, end).Should().Equal(expected[begin..end]);
        }
    }

    [Fact]
    public void A_large_transposed_matrix_is_read_in_pieces()
    {
        const int rows = 700, columns = 900;
        byte[] stored = new byte[rows * columns * 2];
        for (int i = 0; i < rows * columns; i++)
            BinaryPrimitives.WriteInt16LittleEndian(stored.AsSpan(i * 2), (short)(i * 7));
        TorchPart part = new("v", "Short", "0", rows * columns, [rows, columns]) { Strides = [1, rows] };
        using TorchFile file = Open(TorchBytes.Zip(new PickleProgram().StateDict([part]).Stop(), ("0", stored)));
        short[] values = Read(file, "v");
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] != (short)(((i / columns) + (i % columns * rows)) * 7))
                throw new InvalidOperationException($"Element {i} is {values[i]}.");
        }
    }

    [Fact]
    public void What_was_saved_of_a_training_is_searched_for_its_model()
    {
        PickleProgram Training(params string[] names)
        {
            PickleProgram program = new PickleProgram().Op('}').Text("epoch").Number(3).Op('s');
            foreach (string name in names)
                program.Text(name).StateDict(TorchBytes.SmallParts).Op('s');
            return program;
        }

        List<string> notes = [];
        using (TorchFile file = Open(TorchBytes.Zip(Training("model", "ema").Stop(), ("0", TorchBytes.Shorts(8))), notes.Add))
            Read(file, "t").Should().Equal(0, 4, 1, 5, 2, 6, 3, 7);
        notes.Should().ContainSingle().Which.Should().Contain("what was saved of a training").And.Contain("\"model\"");
        Refused(TorchBytes.Zip(Training("ema").Stop(), ("0", TorchBytes.Shorts(8))), "a dictionary of tensors", "epoch, ema");
        Refused(TorchBytes.Zip(Training("model", "state_dict").Stop(), ("0", TorchBytes.Shorts(8))), "epoch, model, state_dict");
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("torch", "load")]
    [InlineData("numpy.core.multiarray", "_reconstruct")]
    [InlineData("torch._utils", "_rebuild_sparse_tensor")]
    public void What_no_checkpoint_needs_is_refused_by_name(string module, string name) => Refused(
        TorchBytes.Zip(new PickleProgram().Global(module, name).Op(')').Op('R').Stop()), $"the global {module}.{name}", "it was not run",
        "safetensors");

    [Fact]
    public void A_record_that_is_not_stored_as_it_is_is_refused()
    {
        byte[] bytes = TorchBytes.SmallZip;
        byte[] compressed = [.. bytes];
        compressed[FindEntry(bytes, "m/data/0") + 10] = 8;                 // deflated
        Refused(compressed, "m/data/0", "compressed");
        byte[] changed = [.. bytes];
        changed[bytes.AsSpan().IndexOf("OrderedDict"u8)] = (byte)'o';
        Refused(changed, "m/data.pkl of the checksum");
    }

    [Fact]
    public void Typed_tensors_of_a_storage_of_bytes_are_read()
    {
        byte[] pickle = new PickleProgram().Op('}').Text("v").Global("torch._utils", "_rebuild_tensor_v3").Op('(').Op('(').Text("storage")
            .Global("torch.storage", "UntypedStorage").Text("0").Text("cpu").Number(16).Op('t').Op('Q').Number(2).Tuple(3).Tuple(1).Op(0x89)
            .Op('N').Global("torch", "int16").Op('}').Op('t').Op('R').Op('s').Stop();
        using TorchFile file = Open(TorchBytes.Zip(pickle, ("0", TorchBytes.Shorts(8))));
        Read(file, "v").Should().Equal(2, 3, 4);
    }

    private static int FindEntry(byte[] archive, string name)
    {
        byte[] start = [0x50, 0x4B, 1, 2];
        for (int at = archive.AsSpan().IndexOf(start); ; at += 4 + archive.AsSpan(at + 4).IndexOf(start))
        {
            if (archive.AsSpan(at + 46).StartsWith(System.Text.Encoding.ASCII.GetBytes(name)))
                return at;
        }
    }

    private static IEnumerable<long> Indices(long[] shape, long[] strides) => shape.Length == 0
        ? [0]
        : Enumerable.Range(0, (int)shape[0]).SelectMany(i => Indices(shape[1..], strides[1..]).Select(rest => (i * strides[0]) + rest));

    private static short[] Read(TorchFile file, string name, int begin = 0, int? end = null)
    {
        TensorInfo tensor = file.Tensors[name];
        byte[] bytes = new byte[((end ?? (int)tensor.ElementCount) - begin) * sizeof(short)];
        file.Read(tensor, begin * sizeof(short), bytes);
        return [.. bytes.Chunk(2).Select(pair => BitConverter.ToInt16(pair))];
    }

    private TorchFile Open(byte[] bytes, Action<string>? note = null) => TorchFile.Open(_folder.Write("pytorch_model.bin", bytes), note);

    private void Refused(byte[] bytes, params string[] parts)
    {
        string message = FluentActions.Invoking(() => Open(bytes)).Should().Throw<NeuralinkException>().Which.Message;
        message.Should().ContainAll([.. parts, "pytorch_model.bin"]).And.NotContain("\n");
    }
}
