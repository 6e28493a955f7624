using Neuralink.Cli.Models;
using Neuralink.Cli.Quality;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Generate;

/// <summary>One run of `generate`: find the model, open the engine, stream the text, show the figures.</summary>
internal sealed class GenerateRun(GenerateSettings settings, Surroundings surroundings)
{
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        string prompt = await settings.Prompt.ReadAsync(surroundings, cancellation);
        using TraceFile? trace = settings.TracePath is { } path ? new TraceFile(path, surroundings.Time) : null;
        LocatedModel model = ModelLocator.Locate(settings.Model, settings.Weights, surroundings, cancellation);
        (NeuralinkEngine opened, GenerationRequest request, ProfileReport? profile) = await OpenOrRepairAsync(model, prompt, trace?.Recorder, cancellation);
        await using NeuralinkEngine engine = opened;
        if (engine.IoFallback is { } reason)
            surroundings.Note(reason);
        QualityNote.Write(settings.Engine.Predictor, engine.Image, settings.Model, surroundings);
        GenerationResult result = await GenerateAsync(engine, request, prompt, cancellation);
        GenerationReport report = GenerationReport.Of(result, engine, model.Name, profile, settings);
        if (settings.Json)
            surroundings.Out.WriteLine(report.ToJson());
        else
            FiguresBox.Write(report, isGreedy: settings.Sampling.Temperature == 0, surroundings);
        if (trace is not null)
        {
            trace.Recorder.SummaryJson = report.ToJson();
            trace.Write();
        }
        return ExitCode.Success;
    }

    /// <summary>An image in the cache is ours to repair: when it turns out to be damaged, it is packed again, once.</summary>
    private async Task<(NeuralinkEngine Engine, GenerationRequest Request, ProfileReport? Profile)> OpenOrRepairAsync(
        LocatedModel model, string prompt, Timeline? timeline, CancellationToken cancellation)
    {
        try
        {
            return await OpenAsync(model.Image, prompt, timeline, cancellation);
        }
        catch (NeuralinkException) when (model.Source is not null && ImageCache.FindDamage(model.Image) is not null)
        {
            NeuralinkException damage = ImageCache.FindDamage(model.Image)!;
            new ImageCache(surroundings).Repair(model.Source!, model.Image, settings.Weights, damage, cancellation);
            return await OpenAsync(model.Image, prompt, timeline, cancellation);
        }
    }

    /// <summary>The tokenizer comes first: the prompt's length decides how much context the engine makes room for.</summary>
    private async Task<(NeuralinkEngine Engine, GenerationRequest Request, ProfileReport? Profile)> OpenAsync(
        string image, string prompt, Timeline? timeline, CancellationToken cancellation)
    {
        FlashImage opened = FlashImage.Open(image);
        ModelConfig config = ModelConfigJson.Read(opened);
        int[] tokens = ImageTokenizer.Load(opened).Encode(prompt);
        int maxTokens = FitContext(tokens.Length, config.ContextLength);
        (EngineOptions options, ProfileReport? profile) = new ProfiledOptions(settings, surroundings).For(opened);
        (options, StrategyChoice? choice) = StrategyChoice.Complete(options, settings.Strategy, config, opened);
        if (choice is not null)
            surroundings.Note($"strategy {StrategySwitches.Of(choice.Strategy).Name}: {choice.Reason}");
        NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            image, options with { ContextTokens = tokens.Length + maxTokens }, timeline, surroundings.Time,
            cancellation: cancellation);
        GenerationRequest request = new()
        {
            Prompt = tokens,
            MaxTokens = maxTokens,
            Sampling = settings.Sampling,
            Stop = settings.Stop,
            IgnoreEndTokens = settings.IgnoreEndTokens,
        };
        return (engine, request, profile);
    }

    /// <summary>The tokens to generate. The default gives way to the end of the context; a number that was asked for does not.</summary>
    private int FitContext(int promptTokens, int contextMax)
    {
        int maxTokens = settings.MaxTokens ?? GenerateSettings.DefaultMaxTokens, room = contextMax - promptTokens;
        if (maxTokens <= room)
            return maxTokens;
        if (settings.MaxTokens is not null || room <= 0)
        {
            throw new NeuralinkException(
                "start the text", $"prompt and new tokens to fit the model's context of {contextMax} tokens",
                $"{promptTokens} + {maxTokens}",
                "shorten the prompt or generate fewer tokens");
        }
        surroundings.Note($"the prompt's {promptTokens} tokens leave room for {room} in the model's context of {contextMax}");
        return room;
    }

    private async Task<GenerationResult> GenerateAsync(NeuralinkEngine engine, GenerationRequest request, string prompt, CancellationToken cancellation)
    {
        TextStream? stream = settings.Json ? null : new TextStream(surroundings.Out);
        int count = 0;
        try
        {
            GenerationResult? result = null;
            stream?.Write(prompt);
            await foreach (GenerationEvent happened in engine.GenerateAsync(request, cancellation))
            {
                surroundings.ExpectReader();
                if (happened is TokenGenerated token)
                {
                    count++;
                    stream?.Write(token.Text);
                }
                else if (happened is GenerationFinished finished)
                {
                    stream?.Write(finished.Text);
                    result = finished.Result;
                }
            }
            stream?.EndLine();
            return result ?? throw new InvalidOperationException("The generation ended without a result.");
        }
        catch (Exception error)
        {
            stream?.TryEndLine();
            if (error is OperationCanceledException)
                throw new CancelledException($"cancelled after {count} tokens", error);
            throw;
        }
    }
}
