namespace Neuralink.Hosting.Cluster.Tests;

/// <summary>Waits for what other threads bring about; the limit is for what never comes, not for how fast it does.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Max = TimeSpan.FromSeconds(60);

    public static async Task HoldsAsync(Func<bool> condition, string what)
    {
        using CancellationTokenSource limit = new(Max);
        while (!condition())
        {
            limit.IsCancellationRequested.Should().BeFalse($"{what} within {Max.TotalSeconds} s");
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
