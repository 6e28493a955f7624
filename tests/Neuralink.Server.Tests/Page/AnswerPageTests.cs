using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;
using Neuralink.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Neuralink.Server.Tests.Page;

/// <summary>What the page makes of answers, of any text and of errors: the browser is given them instead of the server's.</summary>
[Collection(PageCollection.Name)]
public sealed class AnswerPageTests(PageBrowser browser)
{
    private const string End = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    [BrowserFact]
    public async Task Markup_in_a_text_is_shown_as_text_and_code_in_blocks()
    {
        await using OpenPage opened = await browser.OpenAsync();
        await AnswerWithAsync(opened, Chunk("<img src=x onerror=alert(1)>\n``") + Chunk("`html\n<b>bold</b>\n``") + Chunk("`\nend") + End);

        await opened.SendAsync("<script>alert(1)</script>");

        await Expect(opened.Answer.Locator("p")).ToHaveTextAsync(["<img src=x onerror=alert(1)>", "end"]);
        await Expect(opened.Answer.Locator("pre")).ToHaveTextAsync("<b>bold</b>");
        await Expect(opened.Page.Locator("article.user p")).ToHaveTextAsync("<script>alert(1)</script>");
        await Expect(opened.Page.Locator("article img, article b, article script")).ToHaveCountAsync(0);
    }

    [BrowserFact]
    public async Task An_error_in_a_stream_is_shown_beside_what_came_before_and_the_next_question_goes_on()
    {
        await using OpenPage opened = await browser.OpenAsync();
        await AnswerWithAsync(opened, Chunk("It was") + "data: {\"error\":{\"message\":\"Flash failed.\"}}\n\ndata: [DONE]\n\n");
        await opened.SendAsync("Once");
        await Expect(opened.Answer).ToHaveTextAsync("It was");
        await Expect(opened.Note).ToContainTextAsync("Flash failed.");

        await AnswerWithAsync(opened, Chunk("cut"));
        await opened.Page.GetByRole(AriaRole.Button, new() { Name = "Again" }).ClickAsync();
        await Expect(opened.Answer).ToHaveTextAsync("cut");
        await Expect(opened.Note).ToContainTextAsync("The connection ended before the answer did.");

        await AnswerWithAsync(opened, Chunk("whole") + End);
        await opened.SendAsync("And then?");
        await Expect(opened.Answer).ToHaveTextAsync("whole");
    }

    [BrowserFact]
    public async Task What_the_server_refuses_is_said_in_its_words()
    {
        await using OpenPage opened = await browser.OpenAsync("the server responded with a status of 400");

        await opened.SendAsync(string.Concat(Enumerable.Repeat("Once upon a time. ", 400)));

        await Expect(opened.Note).ToContainTextAsync("maximum context length is 512 tokens");
        await Expect(opened.Prompt).ToBeFocusedAsync();
    }

    [BrowserFact]
    public async Task Where_a_key_is_wanted_the_page_asks_for_it_and_keeps_it_as_long_as_the_tab()
    {
        const string key = "a-key-of-this-test";
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        RunningServer server = new(BundledModel.Image, ("Server:ApiKeyHashes:0", hash));
        await server.InitializeAsync();
        try
        {
            await using OpenPage opened = await browser.OpenAsync("the server responded with a status of 401", server.Address);
            ILocator field = opened.Page.Locator("#key-text");
            await field.FillAsync("another");
            await field.PressAsync("Enter");
            await Expect(field).ToBeEmptyAsync();
            await field.FillAsync(key);
            await field.PressAsync("Enter");
            await Expect(opened.Page.Locator("#model")).ToHaveTextAsync(server.Engine.Name);

            await opened.Page.ReloadAsync();
            await Expect(opened.Page.Locator("#model")).ToHaveTextAsync(server.Engine.Name);
            await opened.SendAsync("Once");
            await Expect(opened.Note).ToContainTextAsync("tokens/s");
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static string Chunk(string text) =>
        $"data: {{\"choices\":[{{\"delta\":{{\"content\":{JsonSerializer.Serialize(text)}}}}}]}}\n\n";

    private static async Task AnswerWithAsync(OpenPage opened, string stream)
    {
        const string path = "**/v1/chat/completions";
        await opened.Page.UnrouteAsync(path);
        await opened.Page.RouteAsync(
            path, route => route.FulfillAsync(new RouteFulfillOptions { ContentType = "text/event-stream", Body = stream }));
    }
}
