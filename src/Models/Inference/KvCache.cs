using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>Keys and values of one sequence as f16, [layer][kv head][capacity][head size] each, in native memory.</summary>
public sealed class KvCache
{
    private readonly NativeBuffer _keys;
    private readonly NativeBuffer _values;
    private readonly int _kvHeads;
    private readonly int _headSize;

    public KvCache(NativeArena arena, ModelConfig config, int capacity)
    {
        Capacity = capacity;
        _kvHeads = config.KvHeadCount;
        _headSize = config.HeadSize;
        long bytes = RequiredBytes(config, capacity) / 2;
        _keys = arena.Allocate(bytes, "kv");
        _values = arena.Allocate(bytes, "kv");
    }

    /// <summary>Positions there is room for.</summary>
    public int Capacity { get; }

    /// <summary>Bytes of keys and values of <paramref name="capacity"/> positions.</summary>
    public static long RequiredBytes(ModelConfig config, int capacity) =>
        2 * NativeArena.Aligned((long)config.LayerCount * config.KvHeadCount * capacity * config.HeadSize * sizeof(ushort));

    /// <summary>The keys of one head, [capacity, head size].</summary>
    public Span<Half> Keys(int layer, int head) => Head(_keys, layer, head);

    /// <summary>The values of one head, [capacity, head size].</summary>
    public Span<Half> Values(int layer, int head) => Head(_values, layer, head);

    /// <summary>Stores the key and value [kv heads, head size] of one position.</summary>
    public void Store(int layer, int position, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        for (int head = 0; head < _kvHeads; head++)
        {
            int at = head * _headSize, to = position * _headSize;
            Attention.Store(key.Slice(at, _headSize), Keys(layer, head).Slice(to, _headSize));
            Attention.Store(value.Slice(at, _headSize), Values(layer, head).Slice(to, _headSize));
        }
    }

    private Span<Half> Head(NativeBuffer buffer, int layer, int head)
    {
        int size = Capacity * _headSize;
        return buffer.Span<Half>((((long)layer * _kvHeads) + head) * size, size);
    }
}
