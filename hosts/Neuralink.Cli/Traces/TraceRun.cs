using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tracing;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Traces;

/// <summary>One run of `trace`: find the model, tokenize, trace what is not traced yet, sum up.</summary>
internal sealed class TraceRun(TraceSettings settings, Surroundings surroundings)
{
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        ActivationTraceWriter.CheckName(settings.Output, settings.Force);
        ModelStore store = ModelLocator.Store(surroundings);
        string folder = ModelLocator.FolderOf(settings.Model, settings.Reading, surroundings, cancellation);
        LocatedModel model = store.Locate(folder, settings.Reading, cancellation);
        FlashImage image = store.Open(model, cancellation);
        ModelConfig config = ModelConfigJson.Read(image);
        int window = settings.WindowTokens ?? Math.Min(TraceSettings.DefaultWindowTokens, config.ContextLength);
        Tokenizer tokenizer = ImageTokenizer.Load(image);
        TraceTexts texts = await TraceTexts.ReadAsync(settings, tokenizer, window, cancellation);
        for (int i = 0; i < texts.Windows.Count; i++)
            tokenizer.RequireRows(texts.Windows.Window(i), config.VocabularySize);
        using ActivationTracer tracer = new(image, window, settings.Threads, settings.MemoryBytes, surroundings.Time);
        ActivationTraceInfo info = tracer.Describe(model.Name, texts.Names, texts.Windows, settings.Inputs);
        if (settings.Inputs)
        {
            surroundings.Note(
                $"the trace will take {ByteSize.Format(info.DataBytes)}, {ByteSize.Format(info.DataBytes - info.FiredBytes)} of them layer "
                + "inputs");
        }
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(settings.Output, info, settings.Force);
        int begin = writer.TokensDone, total = texts.Windows.TokenCount;
        if (begin > 0)
            surroundings.Note($"going on with {settings.Output}.partial at token {begin} of {total}");
        long start = surroundings.Time.GetTimestamp();
        try
        {
            ProgressDisplay.Run(surroundings, "tracing", share => tracer.Trace(texts.Windows, writer, share, cancellation));
        }
        catch (OperationCanceledException error)
        {
            throw new CancelledException(
                $"stopped with {writer.TokensDone} of {total} tokens traced; the same command goes on from there", error);
        }
        WriteSummary(writer.Info, total - begin, surroundings.Time.GetElapsedTime(start).TotalSeconds);
        return ExitCode.Success;
    }

    private void WriteSummary(ActivationTraceInfo info, int tokens, double seconds)
    {
        long bytes = new FileInfo(settings.Output).Length;
        string inputs = info.InputSize is { } size ? $" with inputs of {size} values" : "",
            speed = seconds > 0 ? $", {tokens / seconds:0} tokens/s" : "";
        surroundings.Out.WriteLine(
            $"traced {settings.Output}: {info.TokenCount} tokens, {info.LayerCount} layers of {info.NeuronCount} neurons{inputs}, "
            + $"{ByteSize.Format(bytes)}; {tokens} tokens in {seconds:0.#} s{speed}");
    }
}
