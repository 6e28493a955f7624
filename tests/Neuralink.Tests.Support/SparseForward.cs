using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Tests.Support;

/// <summary>
/// The parts that the pipeline computes with, put together in the plainest way: every bundle of an image lies in a frame, and a pass is one
/// loop over the layers. What differs from the dense reference is what is to be tested.
/// </summary>
public sealed class SparseForward : IFlashCompletionSink, IDisposable
{
    private readonly NativeArena _arena = new(256 << 20);
    private readonly WorkerPool _pool;
    private readonly Decoder _decoder;
    private readonly ExactPredictor _predictor;
    private readonly SparseFfn _ffn;
    private readonly Activations _activations;
    private readonly NeuronSet _set;
    private readonly SemaphoreSlim _read = new(0);
    private readonly long[] _active;
    private readonly KvSequence _text;
    private readonly ForwardPass _pass;
    private long _tokens;

    public SparseForward(string imageFolder, int chunkTokens, int threads, int logitRows = 1, int? blocks = null, int blockPositions = 32)
    {
        FlashImage image = FlashImage.Open(imageFolder);
        ImageModel packed = ImageModel.Of(image);
        Config = packed.Config;
        _pool = new WorkerPool(threads);
        FrameArena frames = new(_arena, Config.LayerCount * Config.FfnSize, image.StrideBytes, "frames");
        ReadAll(image, frames);
        ResidentModel model = ResidentModel.Load(Weights(TensorPlace.Resident), Config, packed.Formats);
        _predictor = ExactPredictor.Load(Weights(TensorPlace.Predictor), _arena, Config, packed.Formats.Predictor, chunkTokens, threads,
            DownNorms.Find(image, Config));
        Blocks = new KvBlockPool(_arena, Config, blocks ?? KvBlockPool.BlocksFor(Config.ContextLength, blockPositions), blockPositions);
        _activations = new Activations(_arena, Config, chunkTokens, logitRows, packed.Formats);
        _decoder = new Decoder(_arena, model, _activations, Config.ContextLength, _pool);
        _text = NewSequence();
        _pass = new ForwardPass(chunkTokens);
        _ffn = new SparseFfn(
            _arena, SparseFfn.KernelsOf(Config, packed.Layout), frames, Config.FfnSize, _activations, _pool, DecidingRows.Of(_predictor));
        _set = new NeuronSet(Config.FfnSize);
        _active = new long[Config.LayerCount];

        WeightFile Weights(TensorPlace place) => WeightFile.Load(packed, place, _arena, FlashAccess.Direct, CancellationToken.None);
    }

    public ModelConfig Config { get; }

    public KvBlockPool Blocks { get; }

    /// <summary>Share of the (neuron, token) pairs that fired, by layer, so far.</summary>
    public double[] ActiveShares => Array.ConvertAll(_active, active => (double)active / (_tokens * Config.FfnSize));

    /// <summary>Told, for each layer of each chunk, the neurons that fire for at least one of its tokens.</summary>
    public Action<int, NeuronSet>? Predicted { get; set; }

    public KvSequence NewSequence() => new(Blocks, Config.ContextLength);

    public void Reset() => _text.Truncate(0);

    /// <summary>Runs tokens in chunks and returns the logits after each, [tokens, vocabulary].</summary>
    public float[] Forward(ReadOnlySpan<int> tokens)
    {
        float[] logits = new float[tokens.Length * Config.VocabularySize];
        int at = 0;
        Forward(tokens, row =>
        {
            _decoder.Logits(row, 1).CopyTo(logits.AsSpan(at));
            at += Config.VocabularySize;
        });
        return logits;
    }

    /// <summary>Sum of -ln p of every token but the first, in nats.</summary>
    public double NegativeLogLikelihood(ReadOnlySpan<int> tokens)
    {
        int[] targets = tokens[1..].ToArray();
        int at = 0;
        double sum = 0;
        Forward(tokens[..^1], row => sum += Likelihood.NegativeLog(_decoder.Logits(row, 1), targets[at++]));
        return sum;
    }

    /// <summary>Runs a pass and returns the logits of its wanted rows, [wanted rows, vocabulary].</summary>
    public float[] Run(ForwardPass pass)
    {
        Pass(pass);
        float[] logits = new float[pass.WantedRows.Length * Config.VocabularySize];
        for (int first = 0; first < pass.WantedRows.Length; first += _activations.Logits.Rows)
        {
            int count = Math.Min(_activations.Logits.Rows, pass.WantedRows.Length - first);
            _decoder.Logits(first, count).CopyTo(logits.AsSpan(first * Config.VocabularySize));
        }
        return logits;
    }

    public void Completed(FlashRead read) => _read.Release();

    public void Dispose()
    {
        _pool.Dispose();
        _arena.Dispose();
        _read.Dispose();
    }

    private void Forward(ReadOnlySpan<int> tokens, Action<int> eachRow)
    {
        for (int begin = 0; begin < tokens.Length; begin += _activations.ChunkTokens)
        {
            ReadOnlySpan<int> chunk = tokens[begin..Math.Min(tokens.Length, begin + _activations.ChunkTokens)];
            _pass.Clear();
            _pass.Add(_text, chunk, logits: chunk.Length);
            Pass(_pass);
            for (int row = 0; row < chunk.Length; row++)
                eachRow(row);
        }
    }

    private void Pass(ForwardPass pass)
    {
        int rows = pass.Count;
        _decoder.Begin(pass);
        for (int layer = 0; layer < Config.LayerCount; layer++)
        {
            _decoder.Attend(layer);
            _ffn.BeginLayer(layer, rows);
            _active[layer] += _predictor.Predict(_pool, layer, _activations.FfnInput, rows, _set);
            Predicted?.Invoke(layer, _set);
            int[] frames = [.. _set.Ids.ToArray().Select(id => (layer * Config.FfnSize) + id.Value)];
            int[] ordinals = [.. Enumerable.Range(0, frames.Length).Reverse()];                // any order will do
            _ffn.BeginSet(rows: null, firstOrdinal: 0, Array.ConvertAll(_set.Ids.ToArray(), id => id.Value));
            _ffn.Activate(ordinals, frames, rows);
            _ffn.AddDown(frames, rows);
            _decoder.AddFfn(layer);
        }
        _tokens += rows;
    }

    private void ReadAll(FlashImage image, FrameArena frames)
    {
        using FileFlashDevice device = FileFlashDevice.Open(
            image.NeuronsPath, FlashAccess.Buffered, image.StrideBytes, queueDepth: 1, TimeProvider.System);
        FlashRead read = new(frames, segmentsMax: 1, this);
        for (int layer = 0; layer < Config.LayerCount; layer++)
        {
            for (int slot = 0; slot < Config.FfnSize; slot++)
            {
                read.Reset(image.OffsetOf(new LayerIndex(layer), new Slot(slot)));
                read.Append((layer * Config.FfnSize) + image.PlacementOf(new LayerIndex(layer)).NeuronAt(new Slot(slot)).Value);
                device.Submit(read);
                _read.Wait();
                if (!read.IsComplete)
                    throw new InvalidOperationException($"The bundle at slot {slot} of layer {layer} was not read.");
            }
        }
    }
}
