using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Neuralink.Server.Tests.Page;

/// <summary>Conversations on the page, in a browser.</summary>
[Collection(PageCollection.Name)]
public sealed class ChatPageTests(PageBrowser browser)
{
    [BrowserFact]
    public async Task An_answer_streams_while_the_timeline_moves_and_stop_ends_it_and_a_reload_finds_it()
    {
        browser.Gate.Close();
        await using OpenPage opened = await browser.OpenAsync();
        IPage page = opened.Page;
        await Expect(page.Locator("#pass-text")).ToHaveTextAsync("No pass yet");
        (await IsDrawnAsync(page)).Should().BeFalse();

        await opened.SendAsync("Once upon a time");

        await Expect(opened.Answer).Not.ToBeEmptyAsync();
        await Expect(opened.Stop).ToBeVisibleAsync();
        await Expect(opened.Note).ToBeEmptyAsync();
        await Expect(page.Locator("#pass-text")).ToContainTextAsync("computing");
        (await IsDrawnAsync(page)).Should().BeTrue();
        await Expect(page.Locator("#token-bytes")).ToContainTextAsync("iB");

        await opened.Stop.ClickAsync();
        await Expect(opened.Note).ToContainTextAsync("Stopped");
        await Expect(opened.Stop).ToBeHiddenAsync();
        await Expect(page.Locator("#running")).ToHaveTextAsync("0");
        await Expect(page.Locator("#memory li")).ToHaveCountAsync(6);
        string answer = await opened.Answer.InnerTextAsync();

        await page.ReloadAsync();
        await Expect(opened.Conversations).ToHaveTextAsync(["Once upon a time"]);
        await Expect(opened.Answer).ToHaveTextAsync(answer);
    }

    [BrowserFact]
    public async Task Settings_survive_a_reload_and_are_what_is_asked_for()
    {
        browser.Gate.Open();
        await using OpenPage opened = await browser.OpenAsync();
        IPage page = opened.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "Settings" }).ClickAsync();
        await page.GetByLabel("Temperature").FillAsync("0");
        await page.GetByLabel("Top p").FillAsync("0.5");
        await page.GetByLabel("Max tokens").FillAsync("7");
        await page.GetByLabel("Seed").FillAsync("42");
        await page.GetByLabel("System text").FillAsync("A story.");
        await page.GetByLabel("Top p").FillAsync("2");      // out of its range, so it is not kept
        await page.Keyboard.PressAsync("Escape");

        await page.ReloadAsync();
        IRequest request = await page.RunAndWaitForRequestAsync(
            () => opened.SendAsync("Once upon a time"), sent => sent.Url.EndsWith("/v1/chat/completions", StringComparison.Ordinal));

        request.PostData.Should().Be(
            """{"messages":[{"role":"system","content":"A story."},{"role":"user","content":"Once upon a time"}],"stream":true,"""
            + """ "temperature":0,"max_tokens":7,"seed":42}""".TrimStart());
        await Expect(opened.Note).ToContainTextAsync("Ended at the most tokens · 7 tokens");
    }

    [BrowserFact]
    public async Task All_of_it_can_be_done_by_keys()
    {
        browser.Gate.Close();
        await using OpenPage opened = await browser.OpenAsync();
        IPage page = opened.Page;
        await Expect(opened.Prompt).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("Once upon");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Keyboard.TypeAsync("a time");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("article.user p")).ToHaveTextAsync("Once upon\na time");
        await Expect(opened.Answer).Not.ToBeEmptyAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(opened.Note).ToContainTextAsync("Stopped");

        // Back through the page; each stop is seen.
        await Expect(opened.Prompt).ToBeFocusedAsync();
        const string title = "Once upon a time";
        string[] stops = ["Again", "messages", $"Delete {title}", $"Rename {title}", title, "new-conversation"];
        List<string> focused = [];
        foreach (string _ in stops)
        {
            await page.Keyboard.PressAsync("Shift+Tab");
            focused.Add(await page.EvaluateAsync<string>(
                "(({ id, title, textContent }) => id || title || textContent)(document.activeElement)"));
            (await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle")).Should().Be("solid", focused[^1]);
        }
        focused.Should().Equal(stops);
    }

    [BrowserFact]
    public async Task Conversations_are_named_and_deleted_and_each_keeps_its_own_messages()
    {
        browser.Gate.Open();
        await using OpenPage opened = await browser.OpenAsync();
        IPage page = opened.Page;
        await AnswerAsync(opened, "The dog");
        await page.GetByRole(AriaRole.Button, new() { Name = "New conversation" }).ClickAsync();
        await Expect(page.Locator("article")).ToHaveCountAsync(0);
        await AnswerAsync(opened, "The cat");
        await Expect(opened.Conversations).ToHaveTextAsync(["The cat", "The dog"]);

        await page.GetByLabel("Rename The dog").ClickAsync();
        await page.GetByLabel("Name of the conversation").FillAsync("About dogs");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "About dogs", Exact = true }).ClickAsync();
        await Expect(page.Locator("article.user")).ToContainTextAsync("The dog");

        await page.GetByLabel("Delete About dogs").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await Expect(opened.Conversations).ToHaveTextAsync(["The cat"]);
        await page.ReloadAsync();
        await Expect(opened.Conversations).ToHaveTextAsync(["The cat"]);
        await Expect(page.Locator("article.user")).ToContainTextAsync("The cat");
    }

    [BrowserFact]
    public async Task A_conversation_that_is_being_answered_goes_on_behind_another_and_ends_when_it_is_deleted()
    {
        browser.Gate.Close();
        await using OpenPage opened = await browser.OpenAsync();
        IPage page = opened.Page;
        await opened.SendAsync("The dog");
        await Expect(opened.Answer).Not.ToBeEmptyAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "New conversation" }).ClickAsync();
        await Expect(opened.Stop).ToBeHiddenAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "The dog", Exact = true }).ClickAsync();
        await Expect(opened.Stop).ToBeVisibleAsync();

        await page.GetByLabel("Delete The dog").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await Expect(page.Locator("#running")).ToHaveTextAsync("0");
        await Expect(opened.Stop).ToBeHiddenAsync();
        await Expect(opened.Conversations).ToHaveCountAsync(0);
        (await page.EvaluateAsync<int>("localStorage.length")).Should().Be(1, "only the settings are left");
    }

    [BrowserFact]
    public async Task A_narrow_page_has_all_of_it_and_never_scrolls_sideways()
    {
        browser.Gate.Open();
        await using OpenPage opened = await browser.OpenAsync(width: 400);
        IPage page = opened.Page;
        await AnswerAsync(opened, new string('w', 150) + "\n\n```\n" + new string('c', 150) + "\n```");
        await RequireNoSidewaysAsync(page);
        foreach (string panel in (string[])["Engine", "Chats"])
        {
            await page.GetByRole(AriaRole.Button, new() { Name = panel, Exact = true }).ClickAsync();
            await Expect(opened.Prompt).ToBeHiddenAsync();
            await RequireNoSidewaysAsync(page);
        }
        await page.Keyboard.PressAsync("Escape");
        await Expect(opened.Prompt).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Settings" }).ClickAsync();
        await RequireNoSidewaysAsync(page);
    }

    private static async Task AnswerAsync(OpenPage opened, string text)
    {
        await opened.SendAsync(text);
        await Expect(opened.Note).ToContainTextAsync("tokens/s");
    }

    private static async Task RequireNoSidewaysAsync(IPage page) =>
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).Should().Be(400);

    // Another than an empty canvas of its size.
    private static Task<bool> IsDrawnAsync(IPage page) => page.EvaluateAsync<bool>(
        """
        () => {
          const canvas = document.getElementById('passes');
          const empty = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
          return canvas.toDataURL() !== empty.toDataURL();
        }
        """);
}
