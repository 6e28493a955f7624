using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>Attention of a pass's rows, each over its sequence's keys and values, split over the workers by (row, kv head).</summary>
public sealed class AttentionHeads : IParallelBody
{
    private readonly ModelConfig _config;
    private readonly FloatTensor _scores;      // [workers, group * positions]
    private ForwardPass? _pass;
    private FloatTensor? _qkv;
    private FloatTensor? _output;
    private int _layer;

    /// <param name="arena">Takes the scores.</param>
    /// <param name="config">Says heads and window.</param>
    /// <param name="positionsMax">The most positions of a sequence.</param>
    /// <param name="threads">Workers.</param>
    public AttentionHeads(NativeArena arena, ModelConfig config, int positionsMax, int threads)
    {
        _config = config;
        _scores = new FloatTensor(arena, threads, config.HeadCount / config.KvHeadCount * positionsMax, "activations");
    }

    public static long RequiredBytes(ModelConfig config, int positionsMax, int threads) =>
        FloatTensor.RequiredBytes(threads, (long)config.HeadCount / config.KvHeadCount * positionsMax);

    /// <summary>output [B, H * s] from the queries in qkv [B, (H + 2 G) * s]; the keys and values of all rows are stored already.</summary>
    public void Run(WorkerPool pool, int layer, ForwardPass pass, FloatTensor qkv, FloatTensor output)
    {
        _layer = layer;
        _pass = pass;
        _qkv = qkv;
        _output = output;
        pool.Run(this, pass.Count * _config.KvHeadCount, grain: 1);
    }

    public void Execute(int begin, int end, int worker)
    {
        int kvHeads = _config.KvHeadCount, size = _config.HeadSize, group = _config.HeadCount / kvHeads;
        for (int item = begin; item < end; item++)
        {
            int b = item / kvHeads, head = item % kvHeads, at = head * group * size;
            PassRow row = _pass!.Rows[b];
            int last = row.Position + 1, first = _config.SlidingWindow is { } window ? Math.Max(0, last - window) : 0;
            Attention.Attend(
                _qkv!.Row(b).Slice(at, group * size), row.Sequence.Head(_layer, head), new AttentionShape(size, group, first, last),
                _scores.Row(worker), _output!.Row(b).Slice(at, group * size));
        }
    }
}
