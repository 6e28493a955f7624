using System.Text;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;

namespace Neuralink.Cli.Tests.Terminal;

public sealed class CommandLineBytesTests
{
    [Fact]
    public void An_argument_that_is_not_utf8_is_refused_by_its_option()
    {
        FluentActions.Invoking(() => Expect(["generate", "-p", "caf\ufffd!"], [.. "caf"u8, 0xe9, .. "!"u8]))
            .Should().Throw<NeuralinkException>().WithMessage("cannot read the value of -p on the command line: *0xe9 at offset 3*");
        FluentActions.Invoking(() => Expect(["verify", "caf\ufffd"], [.. "caf"u8, 0xe9]))
            .Should().Throw<NeuralinkException>().WithMessage("cannot read argument 2 on the command line: *0xe9 from offset 3*");
    }

    [Fact]
    public void The_replacement_character_itself_is_text() => Expect(["generate", "-p", "caf\ufffd"], Encoding.UTF8.GetBytes("caf\ufffd"));

    [Fact]
    public void Where_the_system_does_not_show_the_bytes_nothing_is_refused() =>
        CommandLineBytes.ExpectUtf8(["verify", "caf\ufffd"], () => []);

    [Fact]
    public void The_bytes_are_looked_at_only_where_there_is_reason_to() =>
        CommandLineBytes.ExpectUtf8(["verify", "café"], () => throw new InvalidOperationException("looked at"));

    [Fact]
    public void The_command_line_of_this_process_is_there_on_linux()
    {
        if (OperatingSystem.IsLinux())
            Encoding.UTF8.GetString(CommandLineBytes.OfProcess()[^1]).Should().Be(Environment.GetCommandLineArgs()[^1]);
    }

    // The bytes of the whole process: the program comes first.
    private static void Expect(string[] args, byte[] last) =>
        CommandLineBytes.ExpectUtf8(args, () => [Encoding.UTF8.GetBytes("neuralink"), .. args[..^1].Select(Encoding.UTF8.GetBytes), last]);
}
