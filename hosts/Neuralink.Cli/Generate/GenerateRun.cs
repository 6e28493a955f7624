using Neuralink.Cli.Terminal;
using Neuralink.Models.ChatTemplates;

namespace Neuralink.Cli.Generate;

/// <summary>One run of `generate`: find the model, open the engine, stream the text, show the figures.</summary>
internal sealed class GenerateRun(GenerateSettings settings, Surroundings surroundings)
{
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        string prompt = await settings.Prompt.ReadAsync(surroundings, cancellation);
        using TraceFile? trace = settings.TracePath is { } path ? new TraceFile(path, surroundings.Time) : null;
        int[] tokens = [];
        int maxTokens = 0;
        string folder = settings.Model.FolderOf(surroundings, cancellation);
        ChatTemplate? template = settings.Chat?.FindTemplate(folder, settings.Model.Reading, surroundings, cancellation);
        await using NeuralinkEngine engine = await settings.Model.OpenAsync(
            folder,
            (tokenizer, config) =>
            {
                tokens = template is null ? tokenizer.Encode(prompt) : settings.Chat!.FirstTurn(template, tokenizer, prompt, surroundings);
                maxTokens = ContextFit.MaxTokens(tokens.Length, settings.MaxTokens, config.ContextLength, surroundings.Note);
                return tokens.Length + maxTokens;
            },
            trace?.Recorder, surroundings, cancellation);
        GenerationRequest request = new()
        {
            Prompt = tokens,
            MaxTokens = maxTokens,
            Sampling = settings.Sampling,
            Stop = settings.Stop,
            IgnoreEndTokens = settings.IgnoreEndTokens,
        };
        GenerationResult result = await GenerateAsync(engine, request, prompt, cancellation);
        GenerationReport report = GenerationReport.Of(result, engine, settings);
        if (settings.Json)
            surroundings.Out.WriteLine(report.ToJson());
        else
            MetricsBox.Write(report, isGreedy: settings.Sampling.Temperature == 0, surroundings);
        if (trace is not null)
        {
            trace.Recorder.SummaryJson = report.ToJson();
            trace.Write();
        }
        return ExitCode.Success;
    }

    private async Task<GenerationResult> GenerateAsync(
        NeuralinkEngine engine, GenerationRequest request, string prompt, CancellationToken cancellation)
    {
        TextStream? stream = settings.Json ? null : new TextStream(surroundings.Out);
        int count = 0;
        try
        {
            GenerationResult? result = null;
            if (settings.Chat is null)
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
