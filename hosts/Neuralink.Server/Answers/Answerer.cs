using Microsoft.Extensions.Options;
using Neuralink.Hosting;
using Neuralink.Server.Errors;
using Neuralink.Server.Generation;
using Neuralink.Server.Diagnostics;
using Neuralink.Server.Options;

namespace Neuralink.Server.Answers;

/// <summary>Generates the texts of a request and writes them to the client, whole or as they are made.</summary>
internal sealed class Answerer(
    INeuralinkEngine engine, ServedModel model, IOptions<ServerOptions> options, TimeProvider time, ILogger<Answerer> logger)
{
    // For so long a stream's head is held back: what the engine refuses at once is then an error with a status.
    private static readonly TimeSpan s_headDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>Answers a request.</summary>
    /// <param name="context">The client.</param>
    /// <param name="request">The texts.</param>
    /// <param name="format">How they are written.</param>
    public async Task AnswerAsync(HttpContext context, TextRequest request, AnswerFormat format)
    {
        TimeSpan deadline = TimeSpan.FromSeconds(options.Value.RequestSeconds);
        IReadOnlyList<GenerationRequest> choices = request.ToEngine(model.Engine.ContextTokens, deadline);
        if (request.IsStream)
            await StreamAsync(context, choices, format);
        else
            await AnswerWholeAsync(context, choices, format);
    }

    private async Task AnswerWholeAsync(HttpContext context, IReadOnlyList<GenerationRequest> requests, AnswerFormat format)
    {
        Choice[] choices = [.. requests.Select(_ => new Choice())];
        await using ChoiceRun run = ChoiceRun.Start(engine, requests, context.RequestAborted);
        await foreach (ChoiceUpdate update in run.Updates.ReadAllAsync(CancellationToken.None))
            choices[update.Index].Add(update);
        await JsonAnswer.WriteAsync(context, format.Whole(choices));
    }

    private async Task StreamAsync(HttpContext context, IReadOnlyList<GenerationRequest> requests, AnswerFormat format)
    {
        StreamWriter writer = new(context, format.IsEventStream);
        await using ChoiceRun run = ChoiceRun.Start(engine, requests, context.RequestAborted);
        Task<bool> first = run.Updates.WaitToReadAsync(CancellationToken.None).AsTask();
        await Task.WhenAny(first, Task.Delay(s_headDelay, time, CancellationToken.None));
        if (first.IsFaulted)
            await first;
        await writer.BeginAsync();
        Write(writer, format.Begin(requests.Count));
        try
        {
            GenerationResult[] results = new GenerationResult[requests.Count];
            Task<bool> more = first;
            while (await WaitAsync(writer, more))
            {
                while (run.Updates.TryRead(out ChoiceUpdate? update))
                {
                    Write(writer, format.Update(update));
                    results[update.Index] = update.Result ?? results[update.Index];
                }
                more = run.Updates.WaitToReadAsync(CancellationToken.None).AsTask();
            }
            Write(writer, format.End(results));
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The status has been sent, so the error is an event of its own.
            ApiException told = ErrorAnswers.Of(error);
            logger.RequestFailed(context.Request.Path, told.InnerException ?? told);
            writer.Write(ErrorAnswers.Body(context.Request.Path, told));
        }
        writer.WriteDone();
        await writer.FlushAsync();
    }

    // What has been written goes out before anybody waits, and now and then a sign of life.
    private async Task<bool> WaitAsync(StreamWriter writer, Task<bool> more)
    {
        while (true)
        {
            await writer.FlushAsync();
            try
            {
                return await more.WaitAsync(TimeSpan.FromSeconds(options.Value.PingSeconds), time);
            }
            catch (TimeoutException) when (!more.IsCompleted)
            {
                writer.WritePing();
            }
        }
    }

    private static void Write(StreamWriter writer, IEnumerable<object> values)
    {
        foreach (object value in values)
            writer.Write(value);
    }
}
