using Neuralink.Storage.Gguf;

namespace Neuralink.Storage.Tests.Gguf;

public sealed class GgufWriterTests : IDisposable
{
    private static readonly KeyValuePair<string, GgufValue>[] s_metadata =
    [
        new("u", GgufValue.Of(5)), new("f", GgufValue.Of(0.25f)), new("b", GgufValue.Of(true)), new("t", GgufValue.Of("text")),
        new("ts", GgufValue.Of(["a", "", "\u2581b"])), new("is", GgufValue.Of([1, -1])), new("fs", GgufValue.Of([0.5f, -2f])),
    ];

    private static readonly GgufDeclaration[] s_tensors =
        [new("a", GgufType.F32, [3]), new("b", GgufType.F16, [2, 3]), new("c", GgufType.F32, [1])];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read_again()
    {
        string path = _folder.File("w.gguf");
        using (GgufWriter writer = GgufWriter.Create(path, s_metadata, s_tensors))
        {
            writer.Write("a", Bytes(12));
            writer.Write("b", Bytes(5));
            writer.Write("b", Bytes(7));
            writer.Write("c", Bytes(4));
            writer.Complete();
        }
        using GgufFile file = GgufFile.Open(path);

        file.Metadata.Integer("u").Should().Be(5);
        file.Metadata.Number("f").Should().Be(0.25f);
        file.Metadata.Flag("b").Should().BeTrue();
        file.Metadata.Texts("ts").Should().Equal("a", "", "\u2581b");
        file.Metadata.Integers("is").Should().Equal(1, -1);
        file.Metadata.Numbers("fs").Should().Equal(0.5f, -2f);
        file.Tensors["b"].Shape.Should().Equal(2, 3);
        file.Tensors["b"].Type.Should().Be(GgufType.F16);
        byte[] read = new byte[12];
        file.Read(file.Tensors["b"], 0, read);
        read.Should().Equal([.. Bytes(5), .. Bytes(7)]);
        file.Tensors.Values.Should().OnlyContain(tensor => tensor.FileOffset % 32 == 0);
    }

    [Fact]
    public void Metadata_of_any_type_that_is_copied_stays_as_it_was()
    {
        using GgufFile small = GgufFile.Open(_folder.Write("small.gguf", GgufBytes.Small()));
        string path = _folder.File("copy.gguf");
        using (GgufWriter writer = GgufWriter.Create(path, [.. small.Metadata.Values], []))
            writer.Complete();
        using GgufFile copy = GgufFile.Open(path);

        copy.Metadata.Values.Should().BeEquivalentTo(
            small.Metadata.Values, options => options.ComparingByMembers<GgufValue>().IncludingInternalProperties());
    }

    [Fact]
    public void A_file_that_lacks_bytes_or_gets_too_many_is_the_callers_mistake()
    {
        using GgufWriter writer = GgufWriter.Create(_folder.File("w.gguf"), s_metadata, s_tensors);
        writer.Write("a", Bytes(4));

        writer.Invoking(w => w.Complete()).Should().Throw<InvalidOperationException>().WithMessage("*'a' has 4 of 12*");
        writer.Invoking(w => w.Write("b", Bytes(4))).Should().Throw<InvalidOperationException>();
        writer.Invoking(w => w.Write("a", Bytes(9))).Should().Throw<InvalidOperationException>().WithMessage("*too many*");
    }

    [Fact]
    public void A_folder_that_is_not_there_is_refused() =>
        FluentActions.Invoking(() => GgufWriter.Create(_folder.File("none/w.gguf"), [], [])).Should().Throw<NeuralinkException>()
            .WithMessage("*no such folder*");

    private static byte[] Bytes(int count) => [.. Enumerable.Range(1, count).Select(i => (byte)i)];
}
