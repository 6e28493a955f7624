using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Neuralink.Studies.Tests.Reports;

/// <summary>A test that needs a browser. It is skipped where there is none, and says so.</summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = PageBrowser.Executable is null ? $"There is no browser: {PageBrowser.Sought}" : null!;
}

/// <summary>A browser that opens files of this machine.</summary>
public sealed class PageBrowser : IAsyncLifetime
{
    // Where distributions put Chromium. Nothing is downloaded.
    private static readonly string[] s_executables = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    // Far more than a slow machine needs: nothing waits for it to pass.
    private const float TimeoutMillis = 60_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>The browser's program, or null.</summary>
    public static string? Executable { get; } = Array.Find(s_executables, File.Exists);

    /// <summary>Where it was looked for.</summary>
    public static string Sought { get; } = string.Join(", ", s_executables);

    public async Task InitializeAsync()
    {
        if (Executable is null)
            return;
        _playwright = await Playwright.CreateAsync();
        // Without the sandbox, as is the default: containers often have none, and nothing is visited but files that the tests wrote.
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Executable });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>A page of a file, when all its charts are drawn.</summary>
    internal async Task<OpenReport> OpenAsync(string path, int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        IBrowserContext context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = scheme,
        });
        context.SetDefaultTimeout(TimeoutMillis);
        OpenReport opened = new(await context.NewPageAsync());
        await opened.Page.GotoAsync(new Uri(path).AbsoluteUri);
        await opened.Page.WaitForSelectorAsync("html[data-drawn=yes]", new() { State = WaitForSelectorState.Attached });
        return opened;
    }
}

/// <summary>A report in a browser of its own. When it is closed, it has had no errors, and has asked for nothing but itself.</summary>
internal sealed class OpenReport : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _errors = [], _requests = [];

    public OpenReport(IPage page)
    {
        Page = page;
        page.PageError += (_, error) => _errors.Enqueue(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _errors.Enqueue(message.Text);
        };
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith("data:", StringComparison.Ordinal))
                _requests.Enqueue(request.Url);
        };
    }

    public IPage Page { get; }

    public async ValueTask DisposeAsync()
    {
        await Page.Context.DisposeAsync();
        _errors.Should().BeEmpty();
        _requests.Should().ContainSingle().Which.Should().StartWith("file:");
    }
}
