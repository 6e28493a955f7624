using System.Numerics.Tensors;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Traces;

namespace Neuralink.Models.Tracing;

/// <summary>
/// The dense pass that records which neurons fire:
/// <code>
/// for each batch of windows:  embed them all
///   for each layer:  read all of its neurons, once
///     for each window:  attention -> the FFN of every neuron -> the window's activation rows to the trace
///   note that the batch's tokens are done
/// </code>
/// So a model whose neurons do not fit memory is read once a batch, and only the residual stream of a batch is kept. The same image, texts
/// and window give the same trace to the bit, on any number of threads, at any memory, and however often it was stopped and gone on with.
/// </summary>
public sealed class ActivationTracer : IDisposable
{
    private readonly FlashImage _image;
    private readonly NativeArena _arena;
    private readonly WorkerPool _pool;
    private readonly Decoder _decoder;
    private readonly Activations _activations;
    private readonly DenseFfn _ffn;
    private readonly LayerReader _reader;
    private readonly DecidingFile? _deciding;  // where the bundles leave it out
    private readonly FloatTensor _stream;      // [batch tokens, d]
    private readonly KvSequence _window;       // the window that goes through a layer: no later one needs its keys and values there
    private readonly ForwardPass _pass;

    /// <summary>Loads what stays in memory.</summary>
    /// <param name="image">The model.</param>
    /// <param name="windowTokens">The most tokens of a window, at most the model's context.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="memoryBytes">Budget for native memory, or null for what speeds things up.</param>
    /// <param name="time">The clock of the reads.</param>
    /// <exception cref="NeuralinkException">The image is damaged, the window is longer than the context, or
    /// the budget too small.</exception>
    public ActivationTracer(FlashImage image, int windowTokens, int threads, long? memoryBytes, TimeProvider time)
    {
        _image = image;
        ImageModel model = ImageModel.Of(image);
        Config = model.Config;
        CheckWindow(windowTokens);
        ResidentSizes sizes = new()
        {
            Config = Config,
            Formats = model.Formats,
            ContextTokens = windowTokens,
            ChunkTokens = windowTokens,
            Threads = threads,
        };
        Plan = ActivationTracePlan.Make(sizes, image.StrideBytes, memoryBytes);
        try
        {
            _arena = new NativeArena(Plan.TotalBytes);
            _pool = new WorkerPool(threads);
            ResidentHalf resident = new(
                _arena, sizes,
                arena => WeightFile.Load(model, TensorPlace.Resident, arena, FlashAccess.Direct, CancellationToken.None), _pool);
            (_decoder, _activations) = (resident.Decoder, resident.Activations);
            FrameArena frames = new(_arena, Config.FfnSize, image.StrideBytes, "neurons");
            _window = new KvSequence(resident.Blocks, windowTokens);
            _pass = new ForwardPass(windowTokens);
            _ffn = new DenseFfn(_arena, model, frames, _activations, _pool);
            _stream = new FloatTensor(_arena, Plan.BatchTokens, Config.HiddenSize, "stream");
            _deciding = model.Layout.HasDeciding ? null : DecidingFile.Open(model);
            _arena.Seal();
            _reader = new LayerReader(image, frames, time);
            // Once the neurons are open: should the image be replaced meanwhile, either they are those of this
            // placement or the digest differs.
            ImageVerifier.VerifyFile(image, ImageFiles.Placement);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The model's configuration.</summary>
    public ModelConfig Config { get; }

    /// <summary>How the memory is shared out.</summary>
    public ActivationTracePlan Plan { get; }

    /// <summary>What a trace of <paramref name="windows"/> says about itself.</summary>
    /// <param name="modelName">For people.</param>
    /// <param name="texts">What is traced, for people.</param>
    /// <param name="windows">The tokens.</param>
    /// <param name="inputs">Whether the layers' FFN inputs are recorded too, which predictors are trained on.</param>
    /// <exception cref="NeuralinkException">There are no tokens, or one that the model does not know.</exception>
    public ActivationTraceInfo Describe(string modelName, string texts, TokenWindows windows, bool inputs = false)
    {
        if (windows.TokenCount == 0)
        {
            throw new NeuralinkException(
                $"trace {texts}", "at least one token", "none", "give a text that is not empty, and skip fewer tokens");
        }
        for (int i = 0; i < windows.Count; i++)
        {
            foreach (int token in windows.Window(i))
            {
                if ((uint)token >= (uint)Config.VocabularySize)
                {
                    throw new NeuralinkException(
                        $"trace {texts}", $"token ids of 0 to {Config.VocabularySize - 1}", $"{token}",
                        "the model's tokenizer is another model's");
                }
            }
        }
        return new ActivationTraceInfo
        {
            ModelDigest = _image.ModelDigest,
            ModelName = modelName,
            LayerCount = Config.LayerCount,
            NeuronCount = Config.FfnSize,
            TokenCount = windows.TokenCount,
            StrideBytes = _image.StrideBytes,
            Texts = texts,
            TextsDigest = windows.Digest,
            InputSize = inputs ? Config.HiddenSize : null,
        };
    }

    /// <summary>Traces what <paramref name="writer"/> lacks, and completes it.</summary>
    /// <param name="windows">The tokens that the writer's trace was described by.</param>
    /// <param name="writer">Where the rows go.</param>
    /// <param name="progress">Told the share of all tokens that is done.</param>
    /// <param name="cancellation">Stops after the window at hand; the writer keeps the batches that are done.</param>
    /// <exception cref="NeuralinkException">A bundle is damaged, or a disk fails.</exception>
    public void Trace(TokenWindows windows, ActivationTraceWriter writer, IProgress<double>? progress, CancellationToken cancellation)
    {
        if (windows.WindowTokens > _activations.ChunkTokens || windows.TokenCount != writer.Info.TokenCount)
            throw new ArgumentException("The windows are not those of the tracer and the writer.", nameof(windows));
        int begin = windows.WindowAt(writer.TokensDone) ?? throw new NeuralinkException(
            $"go on with {writer.Path}.partial", "a token at which a window begins", $"{writer.TokensDone}",
            "the file is damaged; remove it and trace again");
        while (begin < windows.Count)
        {
            int end = EndOfBatch(windows, begin);
            TraceBatch(windows, begin, end, writer, progress, cancellation);
            writer.MarkDone(windows.BeginOf(end));
            begin = end;
        }
        writer.Complete();
    }

    /// <summary>Counts how large the activations of all neurons are.</summary>
    /// <param name="windows">The tokens.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="NeuralinkException">A bundle is damaged, or a disk fails.</exception>
    public GateSizes Measure(TokenWindows windows, IProgress<double>? progress, CancellationToken cancellation)
    {
        GateSizes sizes = new(Config.LayerCount, _pool.Threads);
        _ffn.Sizes = sizes;
        for (int begin = 0, end; begin < windows.Count; begin = end)
        {
            end = EndOfBatch(windows, begin);
            TraceBatch(windows, begin, end, writer: null, progress, cancellation);
        }
        _ffn.Sizes = null;
        return sizes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader?.Dispose();
        _deciding?.Dispose();
        _pool?.Dispose();
        _arena?.Dispose();
    }

    private int EndOfBatch(TokenWindows windows, int begin)
    {
        int end = begin + 1;
        while (end < windows.Count && windows.BeginOf(end + 1) - windows.BeginOf(begin) <= Plan.BatchTokens)
            end++;
        return end;
    }

    private void TraceBatch(
        TokenWindows windows, int begin, int end, ActivationTraceWriter? writer, IProgress<double>? progress,
        CancellationToken cancellation)
    {
        int first = windows.BeginOf(begin), rowWords = ActivationMatrix.WordsPerTokenOf(Config.FfnSize), steps = 0;
        ulong[] rows = new ulong[windows.WindowTokens * rowWords];
        Half[] inputs = new Half[windows.WindowTokens * (writer?.Info.InputSize ?? 0)];
        for (int w = begin; w < end; w++)
        {
            ReadOnlySpan<int> tokens = windows.Window(w);
            _decoder.Begin(PassOver(tokens));
            _activations.Residual.First(tokens.Length).CopyTo(Stream(w));
        }
        for (int layer = 0; layer < Config.LayerCount; layer++)
        {
            Load(new LayerIndex(layer));
            _ffn.Sizes?.Keep(layer, _ffn.Norms);
            for (int w = begin; w < end; w++)
            {
                cancellation.ThrowIfCancellationRequested();
                int tokens = windows.Window(w).Length;
                _decoder.Resume(PassOver(windows.Window(w)), Stream(w));
                _decoder.Attend(layer);
                if (writer?.Info.InputSize is { } size)
                    WriteInputs(writer, new LayerIndex(layer), windows.BeginOf(w), inputs.AsSpan(0, tokens * size));
                _ffn.Run(layer, tokens, rows);
                _decoder.AddFfn(layer);
                _activations.Residual.First(tokens).CopyTo(Stream(w));
                writer?.Write(new LayerIndex(layer), windows.BeginOf(w), rows.AsSpan(0, tokens * rowWords));
                double done = (double)++steps / (Config.LayerCount * (end - begin));
                progress?.Report((first + (done * (windows.BeginOf(end) - first))) / windows.TokenCount);
            }
        }

        Span<float> Stream(int w) =>
            _stream.Flat((windows.BeginOf(w) - first) * Config.HiddenSize, windows.Window(w).Length * Config.HiddenSize);
    }

    private ForwardPass PassOver(ReadOnlySpan<int> window)
    {
        _window.Truncate(0);
        _pass.Clear();
        _pass.Add(_window, window, logits: 0);
        return _pass;
    }

    /// <summary>The FFN input, rounded to f16; what is beyond its range becomes its largest value.</summary>
    private void WriteInputs(ActivationTraceWriter writer, LayerIndex layer, int firstToken, Span<Half> rows)
    {
        TensorPrimitives.ConvertToHalf(_activations.FfnInput.First(rows.Length / Config.HiddenSize), rows);
        TensorPrimitives.Clamp(rows, Half.MinValue, Half.MaxValue, rows);
        writer.WriteInputs(layer, firstToken, rows);
    }

    private void Load(LayerIndex layer)
    {
        _reader.Read(layer);
        if (_ffn.Load(layer, _deciding) is >= 0 and int damaged)
            throw ImageVerifier.DamagedBundle(_image, layer, _image.PlacementOf(layer).SlotOf(new NeuronId(damaged)), "trace");
    }

    private void CheckWindow(int windowTokens)
    {
        if (windowTokens > Config.ContextLength)
        {
            throw new NeuralinkException(
                $"trace {_image.Folder}", $"a window of at most {Config.ContextLength} tokens, the model's context", $"{windowTokens}",
                "give a smaller --window");
        }
    }
}
