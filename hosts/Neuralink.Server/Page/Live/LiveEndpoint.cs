using Microsoft.Extensions.Options;
using Neuralink.Server.Errors;
using Neuralink.Server.Generation;
using Neuralink.Server.Options;
using StreamWriter = Neuralink.Server.Answers.StreamWriter;

namespace Neuralink.Server.Page.Live;

/// <summary>
/// GET /live: what the engine does, as server-sent events a few times a second. While nothing happens there is a comment now and then.
/// Nothing is watched where nobody reads.
/// </summary>
internal static class LiveEndpoint
{
    /// <summary>The most readers at once: each takes a little time of the engine's thread a pass.</summary>
    public const int ReadersMax = 32;

    // Often enough to look live, seldom enough to cost nothing beside a forward pass.
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(250);

    private const int RetrySeconds = 5;

    public static void Map(IEndpointRouteBuilder routes)
    {
        int readers = 0;
        routes.MapGet(
            "/live",
            async (
                HttpContext context, ServedModel model, IOptions<ServerOptions> options, TimeProvider time,
                IHostApplicationLifetime host) =>
            {
                try
                {
                    if (Interlocked.Increment(ref readers) > ReadersMax)
                        throw TooMany();
                    await AnswerAsync(context, model, TimeSpan.FromSeconds(options.Value.PingSeconds), time, host.ApplicationStopping);
                }
                finally
                {
                    Interlocked.Decrement(ref readers);
                }
            });
    }

    private static async Task AnswerAsync(
        HttpContext context, ServedModel model, TimeSpan pingPeriod, TimeProvider time, CancellationToken stopping)
    {
        NeuralinkEngine engine = model.Engine;
        using LiveFeed feed = new(engine, time);
        StreamWriter writer = new(context, isEventStream: true);
        await writer.BeginAsync();
        writer.Write(new LiveEvent { Engine = LiveEngine.Of(engine, model.Id) });
        // A page that listens does not hold up a server that is being stopped.
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stopping, context.RequestAborted);
        using PeriodicTimer timer = new(s_period, time);
        long written = 0;
        do
        {
            if (feed.Next() is { } sample)
                writer.Write(new LiveEvent { Sample = sample });
            else if (time.GetElapsedTime(written) >= pingPeriod)
                writer.WritePing();
            else
                continue;
            await writer.FlushAsync();
            written = time.GetTimestamp();
        }
        while (await WaitAsync(timer, ended.Token));
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken ended)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ended);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static ApiException TooMany() =>
        new(StatusCodes.Status429TooManyRequests, $"{ReadersMax} pages are watching the engine. Please try again.", "rate_limit_error")
        {
            Code = "readers_full",
            RetryAfterSeconds = RetrySeconds,
        };
}
