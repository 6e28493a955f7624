using System.Diagnostics;
using System.Text;
using System.Text.Json;
using LLama;
using LLama.Common;
using LLama.Native;
using Neuralink.Benchmarks;
using Neuralink.Models.Sampling;

namespace Neuralink.Peers;

/// <summary>The engines that are built in, each in a process of its own: this program, started again with the name of one.</summary>
internal static class BuiltInPeers
{
    public const string Neuralink = "run-neuralink", LlamaCpp = "run-llama-cpp";

    /// <summary>The commands of a comparison.</summary>
    public static IEnumerable<PeerCommand> Of(PeerSettings settings)
    {
        string host = Environment.ProcessPath!;
        bool isItself = Path.GetFileNameWithoutExtension(host) != "dotnet";
        string[] program = isItself ? [host] : [host, typeof(BuiltInPeers).Assembly.Location];
        string[] common = ["--prompt", settings.Prompt, "--tokens", $"{settings.Tokens}", "--threads", $"{settings.Threads}"];
        string[] memory = settings.EngineBytes is { } bytes ? ["--memory", $"{bytes}"] : [];
        yield return new PeerCommand(
            "neuralink", [.. program, Neuralink, "--model", settings.Image, .. memory, .. common], settings.Image, Rate: null);
        if (settings.Gguf is { } gguf)
            yield return new PeerCommand("llama.cpp, mmap", [.. program, LlamaCpp, "--model", gguf, .. common], gguf, Rate: null);
    }

    /// <summary>Our engine, with what it chooses by itself.</summary>
    public static async Task RunNeuralinkAsync(string[] arguments)
    {
        OptionReader options = new(Neuralink, arguments);
        (string model, string prompt, int tokens, int threads) = Common(options);
        long memory = long.Parse(options.Text("--memory", "0"));
        options.Finish();
        long start = Stopwatch.GetTimestamp();
        ModelSetup setup = new()
        {
            Folder = model,
            ContextTokens = (tokenizer, _) => tokenizer.Encode(prompt).Length + tokens,
            Engine = new EngineOptions { Threads = threads, MemoryBytes = memory == 0 ? null : memory },
        };
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(setup);
        double loadMillis = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        int[] given = engine.Tokenizer.Encode(prompt);
        List<int> ids = [.. given];
        List<double> millis = [];
        GenerationRequest request = new()
        {
            Prompt = given,
            MaxTokens = tokens,
            Sampling = SamplingOptions.Greedy,
            IgnoreEndTokens = true,
        };
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            if (happened is not TokenGenerated token)
                continue;
            ids.Add(token.Id);
            millis.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        Print(PeerOutput.Of(loadMillis, millis, ids));
    }

    /// <summary>llama.cpp in this process, by LLamaSharp: its weights are mapped into memory, as it does by itself.</summary>
    public static void RunLlamaCpp(string[] arguments)
    {
        OptionReader options = new(LlamaCpp, arguments);
        (string model, string prompt, int tokens, int threads) = Common(options);
        options.Finish();
        NativeLibraryConfig.All.WithLogCallback(static (_, _) => { });      // it says much
        long start = Stopwatch.GetTimestamp();
        ModelParams parameters = new(model)
        {
            LoadMode = LLamaLoadMode.MemoryMap,      // llama.cpp's own default, and not LLamaSharp's
            Threads = threads,
            BatchThreads = threads,
            GpuLayerCount = 0,
        };
        using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
        int[] given = [.. weights.NativeHandle.Tokenize(prompt, true, special: true, Encoding.UTF8).Select(t => (int)t)];
        parameters.ContextSize = (uint)(given.Length + tokens);
        using LLamaContext context = weights.CreateContext(parameters);
        double loadMillis = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        List<int> ids = [.. given];
        List<double> millis = [];
        for (int begin = 0; millis.Count < tokens; begin = ids.Count - 1)
        {
            Decode(context, ids, begin);
            ReadOnlySpan<float> logits = context.NativeHandle.GetLogitsIth(-1);
            ids.Add(System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits));
            millis.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        Print(PeerOutput.Of(loadMillis, millis, ids));
    }

    private static void Decode(LLamaContext context, List<int> ids, int begin)
    {
        LLamaBatch batch = new();
        for (int i = begin; i < ids.Count; i++)
            batch.Add(ids[i], i, LLamaSeqId.Zero, logits: i == ids.Count - 1);
        if (context.NativeHandle.Decode(batch) is var result and not DecodeResult.Ok)
            throw new InvalidOperationException($"llama.cpp's decode: {result}");
    }

    private static (string Model, string Prompt, int Tokens, int Threads) Common(OptionReader options) => (
        options.Text("--model", ""), options.Text("--prompt", ""), options.Integer("--tokens", 2), options.Integer("--threads", 1));

    private static void Print(PeerOutput output) => Console.Out.WriteLine(JsonSerializer.Serialize(output, PeerJson.Default.PeerOutput));
}
