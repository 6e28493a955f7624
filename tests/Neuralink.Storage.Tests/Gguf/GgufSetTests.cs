using Neuralink.Storage.Gguf;

namespace Neuralink.Storage.Tests.Gguf;

public sealed class GgufSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Parts_are_one_model_whichever_of_them_is_given()
    {
        string first = Part(1, 2, "a"), second = Part(2, 2, "b");
        foreach (string given in (string[])[first, second])
        {
            using GgufSet set = GgufSet.Open(given);
            set.Names.Should().BeEquivalentTo("a", "b");
            set.Metadata.Text("general.name").Should().Be("part 1");
            byte[] bytes = new byte[4];
            set.Read(set.Find("b")!, 4, bytes);
            bytes.Should().Equal(2, 2, 2, 2);
        }
        GgufSet.FilesOf(second).Should().Equal(first, second);
    }

    [Fact]
    public void A_file_by_itself_is_a_model()
    {
        string path = _folder.Write("small.gguf", GgufBytes.Small());
        using GgufSet set = GgufSet.Open(path);

        set.Names.Should().BeEquivalentTo("a", "b");
        GgufSet.FilesOf(path).Should().Equal(path);
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        string first = Part(1, 3, "a");
        Part(3, 3, "c");

        Refuses(first, "no m-00002-of-00003.gguf");
    }

    [Fact]
    public void Parts_that_are_not_of_one_model_are_refused()
    {
        string first = Part(1, 2, "a");
        Part(2, 2, "a");
        Refuses(first, "a in two");
        Part(2, 2, "b", number: 0);
        Refuses(first, "part 0 of 2");
        Part(2, 2, "b", count: 5);
        Refuses(first, "part 1 of 5");
        Part(2, 2, "b", tensors: 3);
        Part(1, 2, "a", tensors: 3);
        Refuses(first, "split.tensors.count");
    }

    [Fact]
    public void A_part_that_was_renamed_is_refused()
    {
        string renamed = _folder.File("renamed.gguf");
        File.Move(Part(1, 2, "a"), renamed);

        Refuses(renamed, "split.count");
    }

    private static void Refuses(string path, string says) =>
        FluentActions.Invoking(() => GgufSet.Open(path)).Should().Throw<NeuralinkException>().WithMessage($"*{says}*");

    private string Part(int part, int parts, string tensor, int? number = null, int? count = null, int tensors = 2)
    {
        string path = _folder.File($"m-{part:D5}-of-{parts:D5}.gguf");
        File.Delete(path);
        using GgufWriter writer = GgufWriter.Create(
            path,
            [
                new("general.name", GgufValue.Of($"part {part}")), new("split.no", GgufValue.Of(number ?? part - 1)),
                new("split.count", GgufValue.Of(count ?? parts)), new("split.tensors.count", GgufValue.Of(tensors)),
            ],
            [new GgufDeclaration(tensor, GgufType.F32, [2])]);
        writer.Write(tensor, Enumerable.Repeat((byte)part, 8).ToArray());
        writer.Complete();
        return path;
    }
}
