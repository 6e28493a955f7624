using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>
/// Attention of a pass's rows, each over its sequence's keys and values. Rows of a prompt that follow each other are computed together, so
/// that keys and values are loaded once for all of them. The work is split over the workers by head first, because later rows attend to
/// more positions.
/// </summary>
public sealed class AttentionHeads : IParallelBody
{
    // Floats of a worker's scores: where a context is so long that rows of a block need more, blocks have fewer rows.
    private const int ScoresMax = 1 << 20;

    private readonly ModelConfig _config;
    private readonly int _blockRows;
    private readonly FloatTensor _scores;      // [workers, group or block rows * positions]
    private readonly (int First, int Count)[] _blocks;
    private int _blockCount;
    private ForwardPass? _pass;
    private FloatTensor? _qkv;
    private FloatTensor? _output;
    private int _layer;

    /// <param name="arena">Takes the scores.</param>
    /// <param name="config">Says heads and window.</param>
    /// <param name="positionsMax">The most positions of a sequence.</param>
    /// <param name="chunkTokens">The most rows of a pass.</param>
    /// <param name="threads">Workers.</param>
    public AttentionHeads(NativeArena arena, ModelConfig config, int positionsMax, int chunkTokens, int threads)
    {
        _config = config;
        _blockRows = BlockRows(positionsMax, chunkTokens);
        _blocks = new (int, int)[chunkTokens];
        _scores = new FloatTensor(arena, threads, checked((int)ScoresOf(config, positionsMax, chunkTokens)), "activations");
    }

    public static long RequiredBytes(ModelConfig config, int positionsMax, int chunkTokens, int threads) =>
        FloatTensor.RequiredBytes(threads, ScoresOf(config, positionsMax, chunkTokens));

    /// <summary>output [B, H * s] from the queries in qkv [B, (H + 2 G) * s]; the keys and values of all rows are stored already.</summary>
    public void Run(WorkerPool pool, int layer, ForwardPass pass, FloatTensor qkv, FloatTensor output)
    {
        _layer = layer;
        _pass = pass;
        _qkv = qkv;
        _output = output;
        FindBlocks(pass.Rows);
        pool.Run(this, _blockCount * _config.KvHeadCount, grain: 1);
    }

    public void Execute(int begin, int end, int worker)
    {
        for (int item = begin; item < end; item++)
        {
            (int first, int count) = _blocks[item % _blockCount];
            int head = item / _blockCount;
            if (count >= PromptAttention.RowsMin)
                AttendBlock(first, count, head, worker);
            else
            {
                for (int b = first; b < first + count; b++)
                    AttendRow(b, head, worker);
            }
        }
    }

    private static int BlockRows(int positionsMax, int chunkTokens)
    {
        int rows = Math.Min(chunkTokens, PromptAttention.RowsMax);
        return Math.Min(rows, Math.Max(PromptAttention.RowsMin, ScoresMax / Math.Max(positionsMax, 1)));
    }

    private static long ScoresOf(ModelConfig config, int positionsMax, int chunkTokens) =>
        (long)Math.Max(config.HeadCount / config.KvHeadCount, BlockRows(positionsMax, chunkTokens)) * positionsMax;

    /// <summary>Cuts the rows where a sequence ends, and where a block is full.</summary>
    private void FindBlocks(ReadOnlySpan<PassRow> rows)
    {
        _blockCount = 0;
        for (int first = 0, b = 1; b <= rows.Length; b++)
        {
            bool goesOn = b < rows.Length && b - first < _blockRows && ReferenceEquals(rows[b].Sequence, rows[b - 1].Sequence)
                && rows[b].Position == rows[b - 1].Position + 1;
            if (!goesOn)
            {
                _blocks[_blockCount++] = (first, b - first);
                first = b;
            }
        }
    }

    private void AttendBlock(int first, int count, int head, int worker)
    {
        int size = _config.HeadSize, group = _config.HeadCount / _config.KvHeadCount;
        PassRow row = _pass!.Rows[first];
        PromptShape shape = new(
            size, count, row.Position, _config.SlidingWindow ?? int.MaxValue, _qkv!.Columns, _output!.Columns);
        int queries = (first * _qkv.Columns) + (head * group * size), outputs = (first * _output.Columns) + (head * group * size);
        for (int a = 0; a < group; a++)
        {
            PromptAttention.Attend(
                _qkv.Flat(queries + (a * size), ((count - 1) * _qkv.Columns) + size), row.Sequence.Head(_layer, head), shape,
                _scores.Row(worker), _output.Flat(outputs + (a * size), ((count - 1) * _output.Columns) + size));
        }
    }

    private void AttendRow(int b, int head, int worker)
    {
        int size = _config.HeadSize, group = _config.HeadCount / _config.KvHeadCount, at = head * group * size;
        PassRow row = _pass!.Rows[b];
        int last = row.Position + 1, first = _config.SlidingWindow is { } window ? Math.Max(0, last - window) : 0;
        Attention.Attend(
            _qkv!.Row(b).Slice(at, group * size), row.Sequence.Head(_layer, head), new AttentionShape(size, group, first, last),
            _scores.Row(worker), _output!.Row(b).Slice(at, group * size));
    }
}
