using Neuralink.Storage.Gguf;

namespace Neuralink.Storage.Tests.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Metadata_and_tensors_are_what_the_file_says()
    {
        using GgufFile file = GgufFile.Open(_folder.Write("small.gguf", GgufBytes.Small()));

        file.Metadata.RequireText("general.architecture").Should().Be("none");
        file.Metadata.Integer("n.u32").Should().Be(7);
        file.Metadata.Integer("n.i64").Should().Be(-5);
        file.Metadata.Number("n.f32").Should().Be(0.5f);
        file.Metadata.Flag("n.flag").Should().BeTrue();
        file.Metadata.Texts("n.texts").Should().Equal("one", "zwei");
        file.Metadata.Integers("n.numbers").Should().Equal(1, 2, -1);
        file.Metadata.Integer("n.none").Should().BeNull();
        file.InFileOrder.Select(tensor => tensor.Name).Should().Equal("a", "b");
        file.Tensors["a"].Shape.Should().Equal(2, 3);
        byte[] bytes = new byte[4];
        file.Read(file.Tensors["b"], 30, bytes);
        bytes.Should().Equal(130, 131, 132, 133);
    }

    [Fact]
    public void A_value_of_another_type_is_refused_by_its_key()
    {
        using GgufFile file = GgufFile.Open(_folder.Write("small.gguf", GgufBytes.Small()));

        file.Metadata.Invoking(m => m.Integer("general.architecture")).Should().Throw<NeuralinkException>()
            .WithMessage("*general.architecture*whole number*string*");
        file.Metadata.Invoking(m => m.Text("n.numbers")).Should().Throw<NeuralinkException>().WithMessage("*n.numbers*array of i32*");
        file.Metadata.Invoking(m => m.RequireInteger("n.none")).Should().Throw<NeuralinkException>().WithMessage("*n.none*");
    }

    [Fact]
    public void A_file_of_another_kind_version_or_byte_order_is_refused_by_name()
    {
        Refuses(GgufBytes.Start(0, 0, version: 1).Data(), "version 1");
        Refuses(GgufBytes.Start(0, 0, version: 4).Data(), "version 4");
        Refuses(GgufBytes.Start(0, 0, version: 3u << 24).Data(), "big-endian");
        Refuses(GgufBytes.Start(0, 0, magic: "tjgg").Data(), "GGML");
        Refuses([], "empty");
        Refuses([.. "GGUF"u8], "truncated");
    }

    [Fact]
    public void Counts_and_lengths_beyond_the_file_are_refused()
    {
        Refuses(GgufBytes.Start(1UL << 63, 0).Data(), "tensors");
        Refuses(GgufBytes.Start(0, 1UL << 62).Data(), "keys");
        Refuses(GgufBytes.Start(0, 1).U64(ulong.MaxValue).Data(new byte[64]), "key 0");
        Refuses(GgufBytes.Start(0, 1).Key("k", 9).U32(10).U64(1UL << 61).Data(), "array k");
        Refuses(GgufBytes.Start(0, 1).Key("k", 9).U32(9).U64(1).Data(new byte[64]), "array of arrays");
    }

    [Fact]
    public void Malformed_keys_are_refused()
    {
        Refuses(GgufBytes.Start(0, 1).Key("k", 99).Data(new byte[64]), "type 99");
        Refuses(GgufBytes.Start(0, 2).Key("k", 4).U32(1).Key("k", 4).U32(1).Data(), "k a second time");
        Refuses(GgufBytes.Start(0, 1).Key("k", 7).U8(2).Data(), "k as a bool");
        Refuses(GgufBytes.Start(0, 1).Key("k", 8).U64(2).Raw([0xFF, 0xFE]).Data(), "UTF-8");
        Refuses(GgufBytes.Start(0, 1).Key("general.alignment", 4).U32(3).Data(), "alignment");
    }

    [Fact]
    public void Tensors_that_cannot_be_are_refused()
    {
        Refuses(One([4], type: 200), "type 200");
        Refuses(One([4], type: 4), "Q4_2");
        Refuses(One([0]), "dimension of 0");
        Refuses(One([1, 1, 1, 1, 1]), "5 dimensions");
        Refuses(One([1UL << 33, 1UL << 33]), "dimensions");
        Refuses(One([31], type: 2), "multiple of 32");
        Refuses(One([4], offset: 1), "offset 1");
        Refuses(One([4], offset: 1UL << 40), "offset");
        Refuses(One([4], offset: ulong.MaxValue - 31), "offset");
        Refuses(One([1 << 20]), "truncated");
    }

    [Fact]
    public void Tensors_that_overlap_or_leave_a_gap_are_refused()
    {
        byte[] Two(ulong offset) => GgufBytes.Start(2, 0).Tensor("a", [4], 0, 0).Tensor("b", [4], 0, offset).Data(new byte[128]);

        Refuses(Two(0), "offset 32");
        Refuses(Two(64), "offset 32");
        Refuses(GgufBytes.Start(2, 0).Tensor("a", [4], 0, 0).Tensor("a", [4], 0, 32).Data(new byte[64]), "a a second time");
        GgufFile.Open(_folder.Write("good.gguf", Two(32))).Dispose();
    }

    private static byte[] One(ulong[] sizes, uint type = 0, ulong offset = 0) =>
        GgufBytes.Start(1, 0).Tensor("a", sizes, type, offset).Data(new byte[64]);

    private void Refuses(byte[] bytes, string says)
    {
        string path = _folder.Write("bad.gguf", bytes);
        FluentActions.Invoking(() => GgufFile.Open(path)).Should().Throw<NeuralinkException>().WithMessage($"*{says}*");
    }
}
