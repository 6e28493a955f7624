using System.Text;
using Neuralink.Peers;
using Neuralink.Storage;

namespace Neuralink.LlamaCpp.Tests.Peers;

public sealed class PeerCommandTests : IDisposable
{
    private const string Good = """
        { "name": "other", "command": ["other-cli", "-m", "{model}", "-p", "{prompt}", "-n", "{tokens}", "-t", "{threads}"],
          "model": "other.bin", "rate": "eval: ([0-9.]+) tokens/s" }
        """;

    private readonly string _path = Path.GetTempFileName();
    private readonly PeerSettings _settings = PeerSettings.Read(
        ["--image", "x.nlk", "--tokens", "16", "--threads", "3", "--prompt", "It's \"quoted\""]);

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_description_is_a_command_with_its_words_filled_in()
    {
        PeerCommand peer = Read(Good);
        peer.Words.Should().Equal("other-cli", "-m", "other.bin", "-p", "It's \"quoted\"", "-n", "16", "-t", "3");
        (peer.Name, peer.Model).Should().Be(("other", "other.bin"));
        peer.Read("load: 3 s\neval: 12.5 tokens/s\n").MillisPerToken.Should().Be(80);
    }

    [Theory]
    [InlineData("no rate here")]
    [InlineData("")]
    [InlineData("eval: 0 tokens/s")]
    [InlineData("eval: ... tokens/s")]
    public void Output_without_a_rate_is_an_error_that_shows_it(string output) =>
        Read(Good).Invoking(p => p.Read(output)).Should().Throw<NeuralinkException>()
            .WithMessage("cannot read the rate of other: expected text that matches eval*correct \"rate\" in its description");

    [Theory]
    [InlineData("\"rate\"", "\"speed\"")]
    [InlineData("eval: ([0-9.]+) tokens/s", "eval: [0-9.]+ tokens/s")]
    [InlineData("eval: ([0-9.]+) tokens/s", "eval: ([0-9.]+) (tokens)/s")]
    [InlineData("eval: ([0-9.]+) tokens/s", "eval: ([0-9.+")]
    [InlineData("\"other\"", "\"\"")]
    [InlineData("\"other\"", "null")]
    [InlineData("\"other-cli\"", "null")]
    [InlineData("\"other.bin\"", "7")]
    [InlineData("{ \"name\"", "[ \"name\"")]
    public void A_wrong_description_is_refused_in_one_line_with_its_path(string from, string to) => Refused(Good.Replace(from, to));

    [Fact]
    public void A_damaged_description_is_refused_wherever_it_ends_or_a_byte_is_flipped()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Good);
        for (int length = 0; length < whole.Length; length += 7)
            Refused(Encoding.UTF8.GetString(whole[..length]));
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] flipped = [.. whole];
            flipped[i] ^= 0x10;
            File.WriteAllBytes(_path, flipped);
            try
            {
                PeerDescription.Read(_path, _settings);
            }
            catch (NeuralinkException error)
            {
                error.Message.Should().Contain(_path);
            }
        }
    }

    [Fact]
    public void A_description_that_is_not_there_is_named() =>
        FluentActions.Invoking(() => PeerDescription.Read("/nowhere/peer.json", _settings)).Should().Throw<NeuralinkException>()
            .WithMessage("*/nowhere/peer.json*");

    [Theory]
    [InlineData("--image IMG is missing")]
    [InlineData("--limit: expected a number of bytes such as 512MiB, found 'much'", "--image", "x", "--limit", "much")]
    [InlineData("--limit: expected more than 96 MiB", "--image", "x", "--limit", "90MiB")]
    [InlineData("--tokens: expected an integer of 2 or more, found '1'", "--image", "x", "--tokens", "1")]
    [InlineData("--rounds: expected an integer of 1 or more, found 'x'", "--image", "x", "--rounds", "x")]
    [InlineData("--page-cache: expected cold or warm, found 'hot'", "--image", "x", "--page-cache", "hot")]
    [InlineData("unknown option --speed", "--image", "x", "--speed", "9")]
    [InlineData("found --image without one", "--image")]
    public void A_wrong_option_is_named(string part, params string[] arguments) =>
        FluentActions.Invoking(() => PeerSettings.Read(arguments)).Should().Throw<FormatException>().WithMessage($"compare*{part}*");

    private void Refused(string json) => this.Invoking(t => t.Read(json)).Should().Throw<NeuralinkException>()
        .Which.Message.Should().StartWith($"cannot read the peer {_path}: expected JSON").And.NotContain("\n");

    private PeerCommand Read(string json)
    {
        File.WriteAllText(_path, json);
        return PeerDescription.Read(_path, _settings);
    }
}
