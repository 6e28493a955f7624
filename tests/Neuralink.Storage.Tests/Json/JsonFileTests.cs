using System.Text;
using System.Text.Json;
using Neuralink.Storage.Json;

namespace Neuralink.Storage.Tests.Json;

/// <summary>A file of another program is read as it is meant, or refused with what is wrong and where.</summary>
public sealed class JsonFileTests : IDisposable
{
    private const int LengthBytesMax = 4096;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{\"a\": 1}")]
    [InlineData("\ufeff{\"a\": 1}")]
    [InlineData("\ufeff\r\n{\"a\": 1}\r\n")]
    public void A_byte_order_mark_is_skipped(string text)
    {
        using JsonDocument document = Open(text);
        document.RootElement.GetProperty("a").GetInt32().Should().Be(1);
    }

    [Theory]
    [InlineData("{\"use_cache\": true, \"a\": 1, \"use_cache\": true}", "\"use_cache\" twice")]
    [InlineData("{\"use_cache\": true, \"use\\u005fcache\": false}", "\"use_cache\" twice")]
    [InlineData("{\"rope_scaling\": {\"x\": [1, 2], \"factor\": 2, \"factor\": 3}}", " at rope_scaling: ", "\"factor\" twice")]
    [InlineData("{\"a\": [0, [], {\"b\": 1}, {\"b\": {\"c\": 1, \"c\": 2}}]}", " at a[3].b: ", "\"c\" twice")]
    public void A_key_that_comes_twice_is_named_with_its_place(string text, params string[] parts) =>
        Refused(text, ["each key once", .. parts]);

    [Theory]
    [InlineData("{\"a\": 1,\n \"b\": NaN}", " at b: ", "line 2", "NaN, which JSON does not have")]
    [InlineData("{\"a\": {\"b\": [1, -Infinity]}}", " at a.b[1]: ", "line 1", "-Infinity")]
    [InlineData("{\"a\": None}", " at a: ", "None")]
    [InlineData("{\"a\": True}", " at a: ", "True")]
    [InlineData("{\n  // the size\n  \"a\": 1}", "line 2", "//")]
    [InlineData("{'a': 1}", "line 1", "'")]
    [InlineData("{\"a\": 1,}", "line 1", "trailing comma")]
    [InlineData("{\"a\": 1\n\"b\": 2}", "line 2")]
    [InlineData("{\"a\": 1", "the end of the file")]
    [InlineData("{\"a\": ", "the end of the file")]
    [InlineData("{\"a\": \"b", "line 1")]
    [InlineData("{\"a\": 1} {}", "line 1")]
    [InlineData("{\"a\": 01}", "line 1")]
    public void A_fault_is_shown_where_it_is(string text, params string[] parts) => Refused(text, ["bad JSON", .. parts]);

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer", "git lfs pull")]
    [InlineData("<html>", "HTML")]
    [InlineData("Entry not found", "\"Entry not found\"")]
    [InlineData("{\"error\": \"Access to model x is restricted\"}", "a server's error message", "Access to model x is restricted")]
    [InlineData("{\"Code\": 10, \"Message\": \"no such model\", \"Success\": false}", "a server's error message", "no such model")]
    [InlineData("", "an empty file")]
    [InlineData("\ufeff \n", "white space")]
    [InlineData("[1, 2]", "a JSON array")]
    [InlineData("null", "\"null\"")]
    [InlineData("\0\0\0\0", "zero bytes")]
    [InlineData("{\"\\ud800\": 1}", "surrogate")]
    public void What_is_no_JSON_object_is_named(string text, params string[] parts) => Refused(text, parts);

    [Fact]
    public void A_byte_that_is_not_UTF_8_is_shown_by_its_offset_in_the_file()
    {
        Refused([.. "{\"a\": \"caf"u8, 0xE9, .. "\"}"u8], "offset 10", "not UTF-8", "save it as UTF-8");
        Refused([.. Encoding.UTF8.Preamble, .. "{\"a\": \"é"u8, 0xE9, .. "\"}"u8], "offset 12");
        Refused([.. "{\"a\": \"caf"u8, 0xF0, 0x9F], "offset 10");
    }

    [Fact]
    public void A_file_that_is_too_long_is_not_read() => Refused("{\"a\": \"" + new string('x', LengthBytesMax) + "\"}", "at most 4 KiB");

    [Fact]
    public void A_folder_in_the_place_of_a_file()
    {
        Directory.CreateDirectory(_folder.File("config.json"));
        FluentActions.Invoking(() => JsonFile.Open(_folder.File("config.json"), LengthBytesMax))
            .Should().Throw<NeuralinkException>().WithMessage("*found a folder*");
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(" \r\n", true)]
    [InlineData("\ufeff\n", true)]
    [InlineData("{}", false)]
    public void A_file_that_is_not_needed_may_be_empty(string text, bool isEmpty)
    {
        string path = _folder.Write("generation_config.json", Encoding.UTF8.GetBytes(text));
        using JsonDocument? document = JsonFile.OpenUnlessEmpty(path, LengthBytesMax);
        (document is null).Should().Be(isEmpty);
    }

    [Fact]
    public void Nesting_without_end_is_refused() => Refused("{\"a\":" + new string('[', 1000), "depth");

    [Fact]
    public void Cut_or_damaged_anywhere_it_is_read_or_refused_on_one_line()
    {
        byte[] whole = Encoding.UTF8.GetBytes(
            "\ufeff{\"a\": [1, {\"b\\n\": null, \"\\u00e9\": -1.5e3}], \"ü\": \"x\\ty\", \"c\": {\"d\": true, \"e\": false}}");
        for (int at = 0; at < whole.Length; at++)
        {
            ReadOrRefused(whole[..at]);
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] bytes = [.. whole];
                bytes[at] ^= (byte)(1 << bit);
                ReadOrRefused(bytes);
            }
        }
    }

    private void ReadOrRefused(byte[] bytes)
    {
        try
        {
            using JsonDocument document = JsonFile.Open(_folder.Write("fuzz.json", bytes), LengthBytesMax);
        }
        catch (NeuralinkException error)
        {
            error.Message.Should().Contain("fuzz.json").And.NotContain("\n");
        }
    }

    private JsonDocument Open(string text) => JsonFile.Open(_folder.Write("config.json", Encoding.UTF8.GetBytes(text)), LengthBytesMax);

    private void Refused(string text, params string[] parts) => Refused(Encoding.UTF8.GetBytes(text), parts);

    private void Refused(byte[] bytes, params string[] parts) =>
        FluentActions.Invoking(() => JsonFile.Open(_folder.Write("config.json", bytes), LengthBytesMax))
            .Should().Throw<NeuralinkException>()
            .Which.Message.Should().ContainAll(["config.json", .. parts]).And.NotContain("\n");
}
