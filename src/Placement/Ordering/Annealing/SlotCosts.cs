using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Placement.Ordering.Annealing;

/// <summary>
/// An order under search. For every slot and every token of a sample, it keeps what the token would pay for the gap to the wanted slot
/// before, and to the wanted slot behind. A wanted bundle between these two splits their gap. So it adds the cost of both parts, less that
/// of the whole gap:
/// <code>before + behind - min(before + behind, alone) = max(0, before + behind - alone)</code>
/// Saturating arithmetic on bytes computes this for 64 tokens at a time.
/// </summary>
internal sealed class SlotCosts
{
    private readonly int _rowBytes;         // the number of tokens, padded to whole vectors
    private readonly byte[] _wants;         // [neurons, tokens], 255 if the token wants the neuron
    private readonly byte[] _before;        // [slots, tokens], min(alone, distance to the wanted slot before * units per slot)
    private readonly byte[] _behind;        // [slots, tokens], the same for the wanted slot behind
    private readonly int[] _order;          // [slots], the neuron of each slot
    private readonly int[] _slots;          // [neurons], the slot of each neuron
    private readonly GapCost _gap;

    /// <param name="sample">The tokens.</param>
    /// <param name="gap">What distances cost.</param>
    /// <param name="order">The first order, [slots].</param>
    public SlotCosts(TokenSample sample, GapCost gap, ReadOnlySpan<int> order)
    {
        _rowBytes = RowBytesOf(sample.TokenCount);
        _wants = new byte[(long)order.Length * _rowBytes];
        _before = new byte[_wants.LongLength];
        _behind = new byte[_wants.LongLength];
        _gap = gap;
        _order = order.ToArray();
        _slots = new int[order.Length];
        for (int slot = 0; slot < order.Length; slot++)
        {
            _slots[order[slot]] = slot;
            foreach (int token in sample.TokensOf(order[slot]))
                _wants[((long)order[slot] * _rowBytes) + token] = byte.MaxValue;
        }
        Row(_before, 0).Fill(GapCost.Alone);
        Row(_behind, order.Length - 1).Fill(GapCost.Alone);
        RenewBefore(1, order.Length);
        RenewBehind(order.Length - 2, -1);
    }

    /// <summary>The neuron at each slot.</summary>
    public ReadOnlySpan<int> Order => _order;

    /// <summary>The slot of <paramref name="neuron"/>.</summary>
    public int SlotOf(int neuron) => _slots[neuron];

    /// <summary>The bytes for a sample of <paramref name="tokenCount"/> tokens.</summary>
    public static long BytesOf(int neuronCount, int tokenCount) => 3L * neuronCount * RowBytesOf(tokenCount);

    /// <summary>
    /// How much more all tokens together would pay, in units, if the neurons at <paramref name="a"/> and
    /// <paramref name="b"/> changed places.
    /// </summary>
    /// <param name="a">A slot.</param>
    /// <param name="b">
    /// Another slot, at least <see cref="GapCost.Reach"/> away, because the costs of nearer slots depend on each other.
    /// </param>
    public int ChangeOfSwap(int a, int b)
    {
        ReadOnlySpan<Vector512<byte>> wantsA = Vectors(_wants, _order[a]), wantsB = Vectors(_wants, _order[b]);
        ReadOnlySpan<Vector512<byte>> beforeA = Vectors(_before, a), behindA = Vectors(_behind, a);
        ReadOnlySpan<Vector512<byte>> beforeB = Vectors(_before, b), behindB = Vectors(_behind, b);
        Vector512<uint> more = default, less = default;
        for (int i = 0; i < wantsA.Length; i++)
        {
            Vector512<byte> costAtA = Vector512.SubtractSaturate(beforeA[i], ~behindA[i]);
            Vector512<byte> costAtB = Vector512.SubtractSaturate(beforeB[i], ~behindB[i]);
            // A token that wants both neurons pays for both slots with or without the exchange.
            Vector512<byte> goesToB = Vector512.AndNot(wantsA[i], wantsB[i]);
            Vector512<byte> goesToA = Vector512.AndNot(wantsB[i], wantsA[i]);
            more += Widen((goesToB & costAtB) | (goesToA & costAtA));
            less += Widen((goesToB & costAtA) | (goesToA & costAtB));
        }
        return (int)Vector512.Sum(more) - (int)Vector512.Sum(less);
    }

    /// <summary>Exchanges the neurons at two slots.</summary>
    public void Swap(int a, int b)
    {
        (_order[a], _order[b]) = (_order[b], _order[a]);
        (_slots[_order[a]], _slots[_order[b]]) = (a, b);
        foreach (int slot in (ReadOnlySpan<int>)[a, b])
        {
            RenewBefore(slot + 1, Math.Min(slot + _gap.Reach, _order.Length));
            RenewBehind(slot - 1, Math.Max(slot - _gap.Reach, -1));
        }
    }

    private static int RowBytesOf(int tokenCount)
    {
        int vectors = (tokenCount + Vector512<byte>.Count - 1) / Vector512<byte>.Count;
        return vectors * Vector512<byte>.Count;
    }

    private static Vector512<uint> Widen(Vector512<byte> values)
    {
        (Vector512<ushort> lower, Vector512<ushort> upper) = Vector512.Widen(values);
        (Vector512<uint> low, Vector512<uint> high) = Vector512.Widen(lower + upper);
        return low + high;
    }

    private Span<byte> Row(byte[] rows, int index) => MemoryMarshal.CreateSpan(ref rows[(long)index * _rowBytes], _rowBytes);

    private Span<Vector512<byte>> Vectors(byte[] rows, int index) => MemoryMarshal.Cast<byte, Vector512<byte>>(Row(rows, index));

    private void RenewBefore(int begin, int end)
    {
        for (int slot = begin; slot < end; slot++)
            Renew(_before, slot, slot - 1);
    }

    private void RenewBehind(int begin, int end)
    {
        for (int slot = begin; slot > end; slot--)
            Renew(_behind, slot, slot + 1);
    }

    // The distance is one slot more than that of the neighbouring slot, or one slot if the neighbour itself is wanted.
    private void Renew(byte[] costs, int slot, int neighbour)
    {
        Span<Vector512<byte>> own = Vectors(costs, slot);
        ReadOnlySpan<Vector512<byte>> next = Vectors(costs, neighbour), wanted = Vectors(_wants, _order[neighbour]);
        Vector512<byte> perSlot = Vector512.Create(_gap.PerSlot);
        for (int i = 0; i < own.Length; i++)
            own[i] = Vector512.AddSaturate(Vector512.AndNot(next[i], wanted[i]), perSlot);
    }
}
