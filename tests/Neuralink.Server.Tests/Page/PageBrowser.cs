using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Neuralink.Hosting;
using Neuralink.Tests.Support;

namespace Neuralink.Server.Tests.Page;

/// <summary>A test that needs a browser. It is skipped where there is none, and says so.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = PageBrowser.Executable is null ? $"There is no browser: {PageBrowser.Sought}" : null!;
}

/// <summary>A browser, and a server with the bundled model whose texts can be held back.</summary>
public sealed class PageBrowser : IAsyncLifetime
{
    // Where distributions put Chromium. Nothing is downloaded.
    private static readonly string[] s_executables = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    // Far more than a slow machine needs: nothing waits for it to pass.
    private const float TimeoutMillis = 60_000;

    // Short answers that are the same every time.
    private const string FirstSettings = "localStorage['neuralink.settings'] ??= JSON.stringify({ temperature: 0, max_tokens: 16 })";

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>The browser's program, or null.</summary>
    public static string? Executable { get; } = Array.Find(s_executables, File.Exists);

    /// <summary>Where it was looked for.</summary>
    public static string Sought { get; } = string.Join(", ", s_executables);

    internal RunningServer Server { get; } = new(BundledModel.Image, GatedEngine.Add);

    internal GatedEngine Gate => (GatedEngine)Server.Services.GetRequiredService<INeuralinkEngine>();

    public async Task InitializeAsync()
    {
        if (Executable is null)
            return;
        await Server.InitializeAsync();
        _playwright = await Playwright.CreateAsync();
        // Without the sandbox, as is the default: containers often have none, and nothing is visited but this server.
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Executable });
        Assertions.SetDefaultExpectTimeout(TimeoutMillis);
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        if (Executable is not null)
            await Server.DisposeAsync();
    }

    /// <summary>A browser without history at a server's page.</summary>
    /// <param name="expectedError">Errors with this text are no fault; null where there are to be none.</param>
    /// <param name="address">The server; null is the one of this fixture.</param>
    /// <param name="width">Of the page, in pixels.</param>
    internal async Task<OpenPage> OpenAsync(string? expectedError = null, Uri? address = null, int width = 1280)
    {
        IBrowserContext context = await _browser!.NewContextAsync(
            new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = 800 } });
        context.SetDefaultTimeout(TimeoutMillis);
        await context.AddInitScriptAsync(FirstSettings);
        OpenPage opened = new(await context.NewPageAsync(), expectedError);
        await opened.Page.GotoAsync((address ?? Server.Address).ToString());
        return opened;
    }
}

/// <summary>One browser for all tests that need it. They run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PageCollection : ICollectionFixture<PageBrowser>
{
    public const string Name = "page";
}

/// <summary>
/// A page in a browser of its own. When it is closed, it has had no errors: neither of scripts nor of the security policy.
/// </summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _errors = [];
    private readonly string? _expectedError;

    public OpenPage(IPage page, string? expectedError)
    {
        Page = page;
        _expectedError = expectedError;
        page.PageError += (_, error) => _errors.Enqueue(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _errors.Enqueue(message.Text);
        };
    }

    public IPage Page { get; }

    public ILocator Prompt => Page.Locator("#prompt");

    public ILocator Stop => Page.Locator("#stop");

    /// <summary>The last answer's text.</summary>
    public ILocator Answer => Page.Locator("article.assistant:last-child > div");

    /// <summary>What the last answer took, or why there is none.</summary>
    public ILocator Note => Page.Locator("article.assistant:last-child > footer");

    public ILocator Conversations => Page.Locator("#conversation-list .open");

    public async Task SendAsync(string text)
    {
        await Prompt.FillAsync(text);
        await Prompt.PressAsync("Enter");
    }

    public async ValueTask DisposeAsync()
    {
        await Page.Context.DisposeAsync();
        _errors.Where(error => _expectedError is null || !error.Contains(_expectedError, StringComparison.Ordinal)).Should().BeEmpty();
    }
}
