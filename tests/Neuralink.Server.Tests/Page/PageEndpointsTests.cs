using System.Net;
using System.Text.RegularExpressions;
using Neuralink.Server.Page;

namespace Neuralink.Server.Tests.Page;

/// <summary>The page's files as a client sees them, without a browser.</summary>
[Collection(ServerCollection.Name)]
public sealed partial class PageEndpointsTests(RunningServer server)
{
    [Fact]
    public async Task A_browser_gets_the_page_and_a_program_a_line()
    {
        using HttpResponseMessage page = await GetAsync("/", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        page.Content.Headers.ContentType!.MediaType.Should().Be("text/html");
        using HttpResponseMessage line = await server.Client.GetAsync("/");
        (await line.Content.ReadAsStringAsync()).Should().Be("Neuralink is running\n");
        page.Headers.Vary.Should().Contain("Accept");
        line.Headers.Vary.Should().Contain("Accept");
    }

    [Fact]
    public async Task Every_file_has_a_strict_policy_and_is_sent_once()
    {
        foreach (string name in PageFiles.All.Keys)
        {
            using HttpResponseMessage first = await server.Client.GetAsync($"/page/{name}");
            first.StatusCode.Should().Be(HttpStatusCode.OK);
            first.Headers.GetValues("Content-Security-Policy").Single().Should()
                .StartWith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;")
                .And.NotContain("unsafe");
            first.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");

            foreach (string known in (string[])[$"{first.Headers.ETag}", $"\"other\", W/{first.Headers.ETag}", "*"])
            {
                using HttpResponseMessage again = await GetAsync($"/page/{name}", "If-None-Match", known);
                again.StatusCode.Should().Be(HttpStatusCode.NotModified, known);
                again.Headers.ETag.Should().Be(first.Headers.ETag);
            }
            using HttpResponseMessage changed = await GetAsync($"/page/{name}", "If-None-Match", "\"other\"");
            changed.StatusCode.Should().Be(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Files_name_each_other_and_nothing_elsewhere()
    {
        List<string> named = [PageFiles.Index];
        foreach (string name in PageFiles.All.Keys)
        {
            string text = await server.Client.GetStringAsync($"/page/{name}");
            named.AddRange(Reference().Matches(text).Select(match => match.Groups["name"].Value));
            text.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).Should().NotContain("://", name);
            InlineScriptOrStyle().IsMatch(text).Should().BeFalse(name);
            text.Split('\n').Should().OnlyContain(line => line.Length <= 140, name);
        }
        named.Distinct().Should().BeEquivalentTo(PageFiles.All.Keys);
        using HttpResponseMessage missing = await server.Client.GetAsync("/page/none.js");
        missing.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string header, string value)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(header, value);
        return await server.Client.SendAsync(request);
    }

    [GeneratedRegex("(href=\"page/|src=\"page/|from '\\./)(?<name>[\\w.-]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Reference();

    [GeneratedRegex("<style|<script>| style=| on[a-z]+=|innerHTML|insertAdjacentHTML|eval\\(")]
    private static partial Regex InlineScriptOrStyle();
}
