using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>Attention of a chunk's positions over the cache, split over the workers by (position, kv head).</summary>
public sealed class AttentionHeads : IParallelBody
{
    private readonly ModelConfig _config;
    private readonly KvCache _cache;
    private readonly FloatTensor _scores;      // [workers, group * capacity]
    private FloatTensor? _qkv;
    private FloatTensor? _output;
    private int _layer;
    private int _position;

    public AttentionHeads(NativeArena arena, ModelConfig config, KvCache cache, int threads)
    {
        _config = config;
        _cache = cache;
        _scores = new FloatTensor(arena, threads, config.HeadCount / config.KvHeadCount * cache.Capacity, "activations");
    }

    public static long RequiredBytes(ModelConfig config, int capacity, int threads) =>
        FloatTensor.RequiredBytes(threads, (long)config.HeadCount / config.KvHeadCount * capacity);

    /// <summary>output [batch, H * s] from the queries in qkv [batch, (H + 2 G) * s]; the keys of all of the batch are in the cache already.</summary>
    public void Run(WorkerPool pool, int layer, int position, int batch, FloatTensor qkv, FloatTensor output)
    {
        _layer = layer;
        _position = position;
        _qkv = qkv;
        _output = output;
        pool.Run(this, batch * _config.KvHeadCount, grain: 1);
    }

    public void Execute(int begin, int end, int worker)
    {
        int kvHeads = _config.KvHeadCount, size = _config.HeadSize, group = _config.HeadCount / kvHeads;
        for (int item = begin; item < end; item++)
        {
            int row = item / kvHeads, head = item % kvHeads, last = _position + row + 1;
            int first = _config.SlidingWindow is { } window ? Math.Max(0, last - window) : 0;
            int at = head * group * size;
            Attention.Attend(
                _qkv!.Row(row).Slice(at, group * size), KvHead.Contiguous(_cache.Keys(_layer, head), _cache.Values(_layer, head)),
                new AttentionShape(size, group, first, last), _scores.Row(worker), _output!.Row(row).Slice(at, group * size));
        }
    }
}
