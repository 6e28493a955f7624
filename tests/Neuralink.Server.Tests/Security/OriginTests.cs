using System.Net;

namespace Neuralink.Server.Tests.Security;

/// <summary>Which pages may use a server without keys, and by what name it may be called.</summary>
[Collection(ServerCollection.Name)]
public sealed class OriginTests(RunningServer server)
{
    [Theory]
    [InlineData("http://localhost:5173", true)]
    [InlineData("https://127.0.0.1", true)]
    [InlineData("http://[::1]:3000", true)]
    [InlineData("http://app.localhost", true)]
    [InlineData("https://evil.example", false)]
    [InlineData("http://localhost.evil.example", false)]
    [InlineData("null", false)]
    [InlineData("file://", false)]
    public async Task Pages_of_this_machine_may_use_it_and_foreign_ones_may_not(string origin, bool isAllowed)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, "/v1/models", ("Origin", origin));

        answer.StatusCode.Should().Be(isAllowed ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
        answer.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? allowed).Should().Be(isAllowed);
        if (isAllowed)
            allowed.Should().Equal(origin);
        answer.Headers.Contains("Access-Control-Allow-Credentials").Should().BeFalse();
        answer.Headers.Vary.Should().Contain("Origin");
    }

    [Fact]
    public async Task Its_own_page_may_use_it_whatever_it_is_called()
    {
        using HttpResponseMessage answer = await SendAsync(
            HttpMethod.Get, "/v1/models", ("Origin", "http://192.0.2.7:8081"), ("Host", "192.0.2.7:8081"));

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("localhost:8080", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]:8080", true)]
    [InlineData("192.168.0.10:8080", true)]
    [InlineData("rebound.example", false)]
    [InlineData("127.0.0.1.rebound.example:8080", false)]
    public async Task It_is_called_by_addresses_and_its_own_names(string host, bool isAllowed)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, "/v1/models", ("Host", host));

        answer.StatusCode.Should().Be(isAllowed ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("authorization,x-stainless-lang", "authorization,x-stainless-lang")]
    [InlineData("content-type", "Authorization, content-type")]
    [InlineData(null, "Authorization, Content-Type")]
    public async Task A_preflight_is_told_that_Authorization_may_be_sent(string? asked, string expected)
    {
        (string, string)[] headers = [("Origin", "http://localhost:5173"), ("Access-Control-Request-Method", "POST")];
        using HttpResponseMessage answer = await SendAsync(
            HttpMethod.Options, "/v1/chat/completions",
            asked is null ? headers : [.. headers, ("Access-Control-Request-Headers", asked)]);

        answer.StatusCode.Should().Be(HttpStatusCode.NoContent);
        answer.Headers.GetValues("Access-Control-Allow-Headers").Should().Equal(expected);
        answer.Headers.GetValues("Access-Control-Allow-Methods").Single().Should().Contain("POST");
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        HttpRequestMessage request = new(method, path);
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value).Should().BeTrue();
        return server.Client.SendAsync(request);
    }
}
