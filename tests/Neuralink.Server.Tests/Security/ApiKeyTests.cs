using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Neuralink.Tests.Support;

namespace Neuralink.Server.Tests.Security;

/// <summary>A server with keys, of a file and of the configuration.</summary>
public sealed class ApiKeyTests : IAsyncLifetime
{
    private readonly string _file = Path.GetTempFileName();
    private RunningServer _server = null!;

    public async Task InitializeAsync()
    {
        File.WriteAllLines(_file, ["# the team's", "plain-key", "", $"sha256:{HashOf("hashed-key")}"]);
        _server = new RunningServer(
            BundledModel.Image, ("Server:ApiKeyFile", _file), ("Server:ApiKeyHashes:0", HashOf("configured-key")));
        await _server.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        File.Delete(_file);
    }

    [Fact]
    public async Task Only_who_has_a_key_is_served_and_probes_need_none()
    {
        foreach (string key in (string[])["plain-key", "hashed-key", "configured-key"])
            (await StatusAsync("/v1/models", "Authorization", $"Bearer {key}")).Should().Be(HttpStatusCode.OK);
        (await StatusAsync("/v1/models", "X-Api-Key", "plain-key")).Should().Be(HttpStatusCode.OK);
        (await StatusAsync("/v1/models", "Authorization", "bearer plain-key")).Should().Be(HttpStatusCode.OK);

        string[] wrong = ["Bearer plain", "Bearer ", "plain-key", "Basic plain-key", $"Bearer sha256:{HashOf("plain-key")}"];
        foreach (string header in wrong)
            (await StatusAsync("/v1/models", "Authorization", header)).Should().Be(HttpStatusCode.Unauthorized, header);
        (await StatusAsync("/metrics", "X-Nothing", "")).Should().Be(HttpStatusCode.Unauthorized);
        (await StatusAsync("/nothing", "X-Nothing", "")).Should().Be(HttpStatusCode.Unauthorized);

        (await StatusAsync("/health", "X-Nothing", "")).Should().Be(HttpStatusCode.OK);
        (await StatusAsync("/ready", "X-Nothing", "")).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_page_cannot_have_the_key_so_any_host_name_is_taken()
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/v1/models") { Headers = { Host = "models.example" } };
        request.Headers.Add("Authorization", "Bearer plain-key");
        using HttpResponseMessage answer = await _server.Client.SendAsync(request);

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Server:Host", "0.0.0.0", "*--api-key-file*--allow-anonymous*0.0.0.0*")]
    [InlineData("Server:Host", "example.org", "*IP address*example.org*")]
    [InlineData("Server:Port", "70000", "*Port*0 to 65535*70000*")]
    [InlineData("Server:ApiKeyHashes:0", "secret", "*ApiKeyHashes*64 hexadecimal digits*6 characters*")]
    [InlineData("Server:CorsOrigins:0", "example.org", "*CorsOrigins*an origin*example.org*")]
    [InlineData("Server:BodyBytesMax", "1", "*BodyBytesMax*1024*")]
    [InlineData("Server:PingSeconds", "0", "*PingSeconds*0*")]
    public async Task What_is_wrong_with_the_options_is_said_before_it_listens(string key, string value, string message)
    {
        Func<Task> start = () => new RunningServer(BundledModel.Image, (key, value)).InitializeAsync();

        await start.Should().ThrowAsync<OptionsValidationException>().WithMessage(message);
    }

    private static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private async Task<HttpStatusCode> StatusAsync(string path, string header, string value)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage answer = await _server.Client.SendAsync(request);
        return answer.StatusCode;
    }
}
