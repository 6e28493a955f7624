using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Neuralink.Storage;

namespace Neuralink.Hosting;

/// <summary>When the chunks of a streamed answer come.</summary>
internal sealed class ChunkRecord(NeuralinkTelemetry telemetry, string model)
{
    private readonly TagList _tags = NeuralinkTelemetry.Tags(ChatRequest.Operation, model);
    private long _last = telemetry.Time.GetTimestamp();
    private bool _hasCome;

    public void Came()
    {
        long now = telemetry.Time.GetTimestamp();
        (_hasCome ? telemetry.TimePerOutputChunk : telemetry.TimeToFirstChunk).Record(
            telemetry.Time.GetElapsedTime(_last, now).TotalSeconds, _tags);
        (_last, _hasCome) = (now, true);
    }
}

/// <summary>
/// What telemetry is told of one text, from its request to its end. Disposed without an end or an error, it was given up.
/// </summary>
internal sealed class TextRecord : IDisposable
{
    private const string Cancelled = "cancelled";

    private readonly NeuralinkTelemetry _telemetry;
    private readonly ILogger _logger;
    private readonly GenerationRequest _request;
    private readonly TagList _tags;
    private readonly Activity? _activity;
    private readonly long _start;
    private double? _firstTokenSeconds;
    private string? _error = Cancelled;      // until it ends
    private string? _message;

    public TextRecord(NeuralinkTelemetry telemetry, ILogger logger, GenerationRequest request, string model)
    {
        (_telemetry, _logger, _request) = (telemetry, logger, request);
        _tags = NeuralinkTelemetry.Tags(request.Operation, model);
        _start = telemetry.Time.GetTimestamp();
        _activity = telemetry.Source.StartActivity(
            $"{request.Operation} {model}", ActivityKind.Internal, parentContext: default, _tags);
        if (_activity is { IsAllDataRequested: true })
            Describe(_activity, request);
    }

    public void See(GenerationEvent happened)
    {
        if (happened is TokenGenerated)
            _firstTokenSeconds ??= Elapsed;
        else if (happened is GenerationFinished finished)
            End(finished.Result);
    }

    public void Fail(Exception error)
    {
        _error = error is OperationCanceledException ? Cancelled : error.GetType().FullName;
        _message = error.Message;
        _activity?.SetStatus(ActivityStatusCode.Error, (error as NeuralinkException)?.Message);
    }

    public void Dispose()
    {
        TagList tags = _tags;
        if (_error is not null)
        {
            tags.Add("error.type", _error);
            _activity?.SetTag("error.type", _error);
        }
        double seconds = Elapsed;
        _telemetry.OperationDuration.Record(seconds, tags);
        _telemetry.RequestDuration.Record(seconds, tags);
        _activity?.Dispose();
        if (_error == Cancelled)
            _logger.TextCancelled(_request.Operation, seconds);
        else if (_error is not null)
            _logger.TextFailed(_request.Operation, seconds, _message!);
    }

    private double Elapsed => _telemetry.Time.GetElapsedTime(_start).TotalSeconds;

    private void End(GenerationResult result)
    {
        _error = null;
        Count(result.PromptTokens, "input");
        Count(result.Tokens.Count, "output");
        if (_firstTokenSeconds is { } first)
            _telemetry.TimeToFirstToken.Record(first, _tags);
        if (result.Timings.PredictedPerSecond > 0)
            _telemetry.TimePerOutputToken.Record(1 / result.Timings.PredictedPerSecond, _tags);
        if (_activity is { IsAllDataRequested: true })
            Describe(_activity, result);
        _logger.TextEnded(
            _request.Operation, ReasonOf(result), Elapsed, result.PromptTokens, result.ReusedTokens, result.Tokens.Count);
    }

    private static string ReasonOf(GenerationResult result) => result.FinishReason == FinishReason.Length ? "length" : "stop";

    private void Count(int tokens, string type)
    {
        TagList tags = _tags;
        tags.Add("gen_ai.token.type", type);
        _telemetry.TokenUsage.Record(tokens, tags);
    }

    private static void Describe(Activity activity, GenerationRequest request)
    {
        activity.SetTag("gen_ai.request.max_tokens", request.MaxTokens);
        activity.SetTag("gen_ai.request.temperature", request.Sampling.Temperature);
        activity.SetTag("gen_ai.request.top_k", request.Sampling.TopK);
        activity.SetTag("gen_ai.request.top_p", request.Sampling.TopP);
        activity.SetTag("gen_ai.request.frequency_penalty", request.Sampling.FrequencyPenalty);
        activity.SetTag("gen_ai.request.presence_penalty", request.Sampling.PresencePenalty);
        if (request.Sampling.Seed is { } seed)
            activity.SetTag("gen_ai.request.seed", (long)seed);
        if (request.Stop.Count > 0)
            activity.SetTag("gen_ai.request.stop_sequences", request.Stop.ToArray());
        if (request.Conversation is { } conversation)
            activity.SetTag("gen_ai.conversation.id", conversation);
    }

    private static void Describe(Activity activity, GenerationResult result)
    {
        activity.SetTag("gen_ai.response.finish_reasons", (string[])[ReasonOf(result)]);
        activity.SetTag("gen_ai.usage.input_tokens", result.PromptTokens);
        activity.SetTag("gen_ai.usage.output_tokens", result.Tokens.Count);
        activity.SetTag("neuralink.reused_tokens", result.ReusedTokens);
        activity.SetTag("neuralink.flash.bytes_read", result.Io.BytesRead);
        activity.SetTag("neuralink.flash.reads", result.Io.Reads);
        activity.SetTag("neuralink.flash.wait_ms", result.Io.WaitMillis);
        activity.SetTag("neuralink.cache.hit_rate", result.Io.CacheHitRate);
        activity.SetTag("neuralink.demand_misses", result.Io.DemandMisses);
    }
}
