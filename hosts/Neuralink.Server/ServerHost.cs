namespace Neuralink.Server;

/// <summary>The web host: what `neuralink-server` and `neuralink serve` start.</summary>
public static class ServerHost
{
    /// <summary>Serves until the process is told to end.</summary>
    /// <param name="args">The command line.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        WebApplication app = WebApplication.CreateSlimBuilder(args).Build();
        app.MapGet("/health", () => Results.Ok());
        await app.RunAsync().ConfigureAwait(false);
        return 0;
    }
}
