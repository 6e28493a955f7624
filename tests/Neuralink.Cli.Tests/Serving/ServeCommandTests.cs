using System.Net;
using System.Net.Sockets;
using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Tests.Serving;

/// <summary>What `serve` makes of its command line. How it serves is tested with the server.</summary>
[Collection(PackedModelFixture.Name)]
public sealed class ServeCommandTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_port_that_is_taken_is_an_error_that_names_the_address()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;

        CliResult run = await _home.RunAsync(
            "serve", "--model", model.Image, "--port", $"{port}", "--host", "127.0.0.1", "--threads", "1", "--sequences", "2",
            "--cors-origins", "localhost", "--cors-origins", "https://example.org");

        run.ShouldFail(ExitCode.Failure, $"127.0.0.1:{port}", "in use");
    }

    [Fact]
    public async Task Options_out_of_their_ranges_are_named_all_together()
    {
        CliResult run = await _home.RunAsync(
            "serve", "-m", model.Image, "--port", "70000", "--host", "0.0.0.0", "--cors-origins", "example.org");

        run.ShouldFail(ExitCode.Usage, "Port", "70000", "--allow-anonymous", "CorsOrigins", "example.org");
    }
}
