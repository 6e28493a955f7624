using System.Text;
using Neuralink.Storage.Tests.Safetensors;

namespace Neuralink.Storage.Tests;

public sealed class FileKindTests
{
    private const string Pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 13476831345\n";

    [Theory]
    [InlineData(Pointer, "Git LFS pointer", "git lfs pull")]
    [InlineData("\ufeffversion https://git-lfs.github.com/spec/v1\r\noid sha256:0123\r\n", "Git LFS pointer", "git lfs pull")]
    [InlineData("<!DOCTYPE html>\n<html lang=\"en\">", "HTML", "get the file again")]
    [InlineData("\n\n  <!doctype HTML>", "HTML", "gated")]
    [InlineData("\ufeff<html><head><title>Sign in</title>", "HTML", "gated")]
    [InlineData("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code></Error>", "XML", "get the file again")]
    [InlineData("Entry not found", "the text \"Entry not found\"", "get the file again")]
    [InlineData("Access to x/y is restricted.\nSign in.", "the text \"Access to x/y is restricted. Sign in.\"", "get the file again")]
    [InlineData("GGUF\x3\0\0\0", "GGUF", "itself as the model")]
    [InlineData("PWRI\x3\0\0\0", "PowerInfer", "itself as the model")]
    [InlineData("tjgg\x3\0\0\0", "GGML", "safetensors")]
    [InlineData("PK\x3\x4\x14\0\0\0\0\0\0\0\0\0\0\0archive/data.pkl", "PyTorch checkpoint (zip)", "pytorch_model.bin")]
    [InlineData("PK\x3\x4\x14\0\0\0\0\0\0\0\0\0\0\0pictures/cat.png", "zip", "convert")]
    [InlineData("\n\xe\n\x5<unk>\x15\0\0\0\0", "SentencePiece", "name")]
    [InlineData("BZh91AY&SY", "bzip2", "unpack")]
    [InlineData("", "an empty file", "get the file again")]
    [InlineData(" \r\n\t", "white space", "get the file again")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "zero bytes", "not finished")]
    public void Text_and_what_begins_like_it(string head, string name, string advice) =>
        ShouldBe(Encoding.UTF8.GetBytes(head), name, advice);

    [Theory]
    [InlineData("80028A0A6CFC9C46F9206AA850192E", "PyTorch checkpoint of the legacy kind")]
    [InlineData("80047D9428", "pickle")]
    [InlineData("1F8B0800", "gzip")]
    [InlineData("28B52FFD04", "Zstandard")]
    [InlineData("FD377A585A00", "xz")]
    [InlineData("377ABCAF271C", "7z")]
    [InlineData("894844460D0A1A0A", "HDF5")]
    [InlineData("934E554D5059", "NumPy")]
    [InlineData("FFFE7B000A00", "UTF-16")]
    [InlineData("FEFF007B000A", "UTF-16")]
    [InlineData("0005160700020000", "AppleDouble")]
    public void Binary_signatures(string hex, string name) => ShouldBe(Convert.FromHexString(hex), name);

    [Fact]
    public void A_tar_archive_says_so_behind_its_first_name()
    {
        byte[] head = new byte[FileKind.HeadBytes];
        "model/config.json"u8.CopyTo(head);
        "ustar"u8.CopyTo(head.AsSpan(257));
        ShouldBe(head, "tar");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("\ufeff\n [")]
    [InlineData("\x1\x2\x3\x4\x5")]
    public void JSON_and_what_is_not_known_tell_nothing(string head) => FileKind.Recognize(Encoding.UTF8.GetBytes(head)).Should().BeNull();

    [Fact]
    public void A_safetensors_file_tells_nothing_whatever_the_length_of_its_header_looks_like()
    {
        FileKind.Recognize(SafetensorsBytes.Small).Should().BeNull();
        // 0x0280 is how a pickle begins, 0x8B1F a gzip file.
        foreach (int length in (int[])[0x0280, 0x8B1F])
            FileKind.Recognize(SafetensorsBytes.File("{" + new string(' ', length - 2) + "}", dataBytes: 0)).Should().BeNull();
    }

    [Fact]
    public void A_text_that_ends_within_a_character_is_text()
    {
        byte[] text = Encoding.UTF8.GetBytes("nicht verfügbar");
        FileKind.Recognize(text.AsSpan(0, 8))!.Name.Should().StartWith("the text \"nicht v");
    }

    [Fact]
    public void Whatever_the_bytes_are_there_is_an_answer_on_one_line()
    {
        Random random = new(7);
        byte[][] starts =
        [
            [], Encoding.UTF8.GetBytes(Pointer), [.. "<html>"u8], [.. "GGUF"u8], [.. "PK\x3\x4"u8], [0x80, 2], [.. "\n\xe\n\x5<unk>"u8],
            SafetensorsBytes.Small,
        ];
        for (int round = 0; round < 5000; round++)
        {
            byte[] head = new byte[random.Next(FileKind.HeadBytes)];
            random.NextBytes(head);
            byte[] start = starts[round % starts.Length];
            start.AsSpan(0, Math.Min(start.Length, head.Length)).CopyTo(head);
            if (head.Length > 0)
                head[random.Next(head.Length)] ^= (byte)(1 << random.Next(8));
            FileKind? kind = FileKind.Recognize(head);
            (kind is null || (!kind.Name.Any(char.IsControl) && kind.Advice.Length > 0)).Should().BeTrue();
        }
    }

    private static void ShouldBe(byte[] head, string name, string? advice = null)
    {
        FileKind kind = FileKind.Recognize(head)!;
        kind.Should().NotBeNull();
        kind.Name.Should().Contain(name);
        kind.Advice.Should().NotBeEmpty();
        if (advice is not null)
            kind.Advice.Should().Contain(advice);
    }
}
