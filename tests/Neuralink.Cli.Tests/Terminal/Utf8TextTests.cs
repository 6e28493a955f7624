using System.Text;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;

namespace Neuralink.Cli.Tests.Terminal;

public sealed class Utf8TextTests : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("a\nb\r\n")]
    [InlineData("Käse – 猫 😀 \0 \ufffd \uffff")]
    public void Text_comes_out_as_it_went_in_with_a_byte_order_mark_or_without(string text)
    {
        Decode(Encoding.UTF8.GetBytes(text)).Should().Be(text);
        Decode([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)]).Should().Be(text);
    }

    [Theory]
    [InlineData("caf\u00e9 au lait", "the byte 0xe9 at offset 3", "a Latin letter of one byte")]
    [InlineData("a\u00c0\u0080b", "the byte 0xc0 at offset 1", "an overlong form")]
    [InlineData("ab\u00ed\u00a0\u0080c", "the byte 0xed at offset 2", "a surrogate")]
    [InlineData("\u00f4\u0090\u0080\u0080.", "the byte 0xf4 at offset 0", "beyond U+10FFFF")]
    [InlineData("\u00ef\u00bb\u00bfa\u00ff.", "the byte 0xff at offset 4", "offsets are those of the file, its mark included")]
    [InlineData("abc\u00f0\u009f\u0098", "0xf09f98 from offset 3 to the end", "a character that was cut in two")]
    [InlineData("caf\u00e9", "0xe9 from offset 3 to the end", "the same, or a Latin letter")]
    [InlineData("\u00ff\u00fea\0", "UTF-16, little-endian", "its mark")]
    [InlineData("\u00fe\u00ff\0a", "UTF-16, big-endian", "its mark")]
    [InlineData("\u00ff\u00fe\0\0a\0\0\0", "UTF-32, little-endian", "its mark")]
    [InlineData("\0\0\u00fe\u00ff\0\0\0a", "UTF-32, big-endian", "its mark")]
    [InlineData("O\0n\0c\0e\0", "what looks like UTF-16", "zeros")]
    [InlineData("\0O\0n\0c\0e\u0020\u0019", "what looks like UTF-16", "zeros")]
    public void Bytes_that_are_not_utf8_are_refused_where_they_begin(string bytes, string found, string because) =>
        FluentActions.Invoking(() => Decode(Encoding.Latin1.GetBytes(bytes)))
            .Should().Throw<NeuralinkException>(because).WithMessage($"cannot read it: expected text in UTF-8, found {found}*UTF-8");

    [Fact]
    public async Task A_file_that_is_not_utf8_is_refused_wherever_a_text_is_read()
    {
        string path = _home.PathOf("latin.txt");
        await File.WriteAllBytesAsync(path, [.. "caf"u8, 0xe9, .. " au lait"u8]);
        string[] found = ["latin.txt", "expected text in UTF-8, found the byte 0xe9 at offset 3"];
        (await _home.RunAsync("generate", "-f", path)).ShouldFail(1, found);
        _home.Cached.Should().BeEmpty("the prompt is looked at before a model is packed");
        using TinyImage tiny = new();
        (await _home.RunAsync("trace", tiny.Image, "-t", path, "-o", _home.PathOf("a.trace"))).ShouldFail(1, found);
        (await _home.RunAsync("perplexity", tiny.Image, "-t", path)).ShouldFail(1, found);
        CliResult piped = await _home.RunAsync([0xff, 0xfe], ["generate", "-m", tiny.Image, "-p", "-"]);
        piped.ShouldFail(1, "from standard input: expected text in UTF-8, found UTF-16");
    }

    private static string Decode(byte[] bytes) => Utf8Text.Decode(bytes, "read it");
}
